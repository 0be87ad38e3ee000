"""The manifests declare every variable that configures a fake service: an operator can only change what they see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from fakes.log import Log
from fakes.pod import MODULES
from fakes.service import Context
from fakes.settings import identity
from harness.cluster.manifest import read

IDENTITY = {"POD_NAME", "POD_IP", "SERVICE_IP", "PORT", "PARENT_PID", "GRACE_S", "APP_DIR"}
OF_THE_POD = IDENTITY | {"ADMIN_PORT", "ADMIN_TOKEN"}
FROM_SECRETS = {"DATABASE_URL"}
TRACING = {"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG"}


class Recorded(dict[str, str]):
    """An environment that remembers which variables were read."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names = set[str]()

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        self.names.add(name)
        return super().get(name, default)


@pytest.fixture
def log() -> Iterator[Log]:
    fd = os.open(os.devnull, os.O_WRONLY)
    yield Log(fd)
    os.close(fd)


@pytest.mark.parametrize("deployment", MODULES)
def test_every_variable_that_a_service_reads_is_declared(deployment: str, log: Log, tmp_path: Path) -> None:
    declared = read().environments()[deployment]
    env = Recorded({**declared, "APP_DIR": str(tmp_path)})
    import_module(MODULES[deployment]).build(Context(identity(deployment, env), env, log))
    assert env.names - OF_THE_POD - FROM_SECRETS - TRACING == declared.keys()

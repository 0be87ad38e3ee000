"""Support for tests on a Docker engine: its availability, its images, and a platform's containers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cluster.runtimes.container.ledger import PART, PLATFORM, tokens
from harness.errors import MachineError
from harness.platforms.base import PlatformOptions
from harness.platforms.docker.provider import DockerProvider


def missing() -> str:
    """What this machine lacks for a docker platform; "" if nothing."""
    try:
        DockerProvider(PlatformOptions()).check()
    except MachineError as error:
        return str(error)
    from testcontainers.core.config import testcontainers_config

    from harness.cluster.runtimes.container.engine import client

    images = [tag for image in client().images.list() for tag in image.tags]
    if not testcontainers_config.ryuk_disabled and testcontainers_config.ryuk_image not in images:
        return f"the image {testcontainers_config.ryuk_image} does not exist; set TESTCONTAINERS_RYUK_DISABLED=true"
    base = os.environ.get("GAMEDAY_BASE_IMAGE")
    if base is None:
        return "no base image is named: set GAMEDAY_BASE_IMAGE, e.g. to python:3.13-slim-trixie"
    return "" if base in images else f"the base image {base} (GAMEDAY_BASE_IMAGE) does not exist: `docker pull {base}`"


def missing_for_compose() -> str:
    """What this machine lacks for a compose project; "" if nothing."""
    if fact := missing():
        return fact
    argv = ["docker", "compose", "version"]
    if shutil.which(argv[0]) and subprocess.run(argv, capture_output=True, check=False).returncode == 0:
        return ""
    return "the compose plugin of the docker command is not installed"


@contextmanager
def ready_provider(folder: Path) -> Iterator[DockerProvider]:
    """A provider within its session; skips the test where docker cannot be used."""
    if fact := missing():
        pytest.skip(fact)
    made = DockerProvider(PlatformOptions())
    with made.session(folder, print):
        yield made


def parts(folder: Path) -> dict[str, str]:
    """Id by part of each container and network of the platforms that were started in `folder`."""
    from harness.cluster.runtimes.container.engine import client

    engine, found = client(), {}
    for token in tokens(folder):
        wanted = {"label": f"{PLATFORM}={token}"}
        for each in engine.containers.list(all=True, filters=wanted, ignore_removed=True):
            found[each.labels[PART]] = each.id
        for each in engine.networks.list(filters=wanted):
            found["network"] = each.id
    return found

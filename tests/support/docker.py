"""What the tests on a Docker engine share: whether there is one, its images, and what a platform has in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.cluster.runtimes.container.ledger import PART, PLATFORM, tokens
from harness.errors import MachineError
from harness.platforms.base import PlatformOptions
from harness.platforms.docker.provider import DockerProvider


def why_not() -> str:
    """What this machine lacks for a docker platform; "" when it lacks nothing."""
    try:
        DockerProvider(PlatformOptions()).check()
    except MachineError as error:
        return str(error)
    from testcontainers.core.config import testcontainers_config

    from harness.cluster.runtimes.container.engine import client

    images = [tag for image in client().images.list() for tag in image.tags]
    if not testcontainers_config.ryuk_disabled and testcontainers_config.ryuk_image not in images:
        return f"the image {testcontainers_config.ryuk_image} is not here; set TESTCONTAINERS_RYUK_DISABLED=true"
    base = os.environ.get("GAMEDAY_BASE_IMAGE")
    if base is None:
        return "no base image is named: set GAMEDAY_BASE_IMAGE, e.g. to python:3.13-slim-trixie"
    return "" if base in images else f"the base image {base} (GAMEDAY_BASE_IMAGE) is not here: `docker pull {base}`"


@contextmanager
def ready_provider(folder: Path) -> Iterator[DockerProvider]:
    """One whose images are there; skips the test, and says why, where that cannot be."""
    if why := why_not():
        pytest.skip(why)
    made = DockerProvider(PlatformOptions())
    with made.session(folder, print):
        yield made


def parts(folder: Path) -> dict[str, str]:
    """Container id by part, of everything that the engine has of the platforms that were started in `folder`."""
    from harness.cluster.runtimes.container.engine import client

    engine, found = client(), {}
    for token in tokens(folder):
        wanted = {"label": f"{PLATFORM}={token}"}
        for each in engine.containers.list(all=True, filters=wanted, ignore_removed=True):
            found[each.labels[PART]] = each.id
        for each in engine.networks.list(filters=wanted):
            found["network"] = each.id
    return found

"""The docker platform: every pod, every Service and the database is a container of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from harness.cluster import manifest
from harness.cluster.runtimes.container.ledger import LEDGER
from harness.cluster.runtimes.container.recovery import recover
from harness.errors import GamedayError
from harness.platforms.daemon_platform import DaemonPlatform

PREFIXES = ("DOCKER_", "TESTCONTAINERS_", "RYUK_", "TC_")


@dataclass(frozen=True)
class Images:
    """Names of images that the engine has: of the pods and proxies, and of the database."""

    fakes: str
    postgres: str


class DockerPlatform(DaemonPlatform):
    """See DaemonPlatform. The images are there, or nothing can be brought up."""

    name = "docker"
    module = "harness.cluster.runtimes.container.daemon"
    up_s, down_s = 120.0, 40.0
    leaves = (*DaemonPlatform.leaves, LEDGER, "services", "postgres.log")

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
        images: Images | None = None,
    ) -> None:
        super().__init__(folder, overrides=overrides, detach=detach)
        self._images = images

    def arguments(self) -> Sequence[str]:
        assert self._images is not None, "a platform that was only found cannot be brought up"
        return ("--image", self._images.fakes, "--postgres-image", self._images.postgres)

    def environment(self) -> Mapping[str, str]:
        """Traffic stays on loopback, also where testcontainers takes this machine for a container."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(PREFIXES)}
        return {"TESTCONTAINERS_CONNECTION_MODE": "docker_host", **ours, **super().environment()}

    def recover(self) -> Sequence[str]:
        """Raises nothing: what an engine that is gone still has stays on record, and the maker says so."""
        ended = list(super().recover())
        with suppress(GamedayError):
            ended += recover(self.folder)
        return ended

"""Provider of Docker platforms: they share the images and nothing else."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from harness.cluster.runtimes.container.ledger import LEDGER, containers
from harness.cluster.runtimes.container.recovery import recover
from harness.errors import GamedayError, MachineError, PlatformError
from harness.machine import process_ledger
from harness.platforms.base import Announce, Need, Overrides, PlatformOptions
from harness.platforms.docker.compose.model import Container
from harness.platforms.docker.platform import DockerPlatform, Images

REFUSALS = {
    Need.MEMORY_GUARD: "it runs pods as containers whose limits the engine enforces: set `limits.memory`",
    Need.NETWORK_POLICIES: "it has no network that enforces NetworkPolicies; use --platform kind",
}
EXTRA = "pip install 'runbook-gameday[docker]'"


class DockerProvider:
    """See base.Provider."""

    name = "docker"
    max_parallel_drills = None
    options = frozenset({"base_image", "compose"})

    def __init__(self, options: PlatformOptions) -> None:
        self._options = options
        self._images: Images | None = None
        self._project = options.compose
        self._containers: Sequence[Container] = ()
        """Those of the compose project; complete from `_prepare` on."""

    def check(self) -> None:
        DockerPlatform.check_machine()
        if find_spec("testcontainers") is None:
            raise MachineError(f"--platform docker: the package testcontainers is not installed; install it: {EXTRA}")
        from harness.cluster.runtimes.container.engine import client  # noqa: PLC0415  needs the extra

        client().close()
        if self._project is not None:
            from harness.platforms.docker.compose import config, reading  # noqa: PLC0415  needs the extra

            self._containers = reading.read(self._project, config.resolved(self._project))

    def refusal(self, need: Need) -> str:
        return REFUSALS.get(need, "")

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        """All images stay for the next run. On exit, the removal of leftovers is tried once more."""
        self._prepare(announce)
        try:
            yield
        finally:
            try:
                self.recover(folder)
            except GamedayError as error:
                announce(f"{error}; then `gameday recover {folder}` removes the rest")

    def _prepare(self, announce: Announce) -> None:
        from harness.platforms.docker import images  # noqa: PLC0415  needs the extra

        base = self._options.base_image or os.environ.get("GAMEDAY_BASE_IMAGE")
        if self._project is None:
            self._images = images.prepare(base, os.environ.get("GAMEDAY_POSTGRES_IMAGE"), announce)
            return
        from harness.platforms.docker.compose.images import complete  # noqa: PLC0415  needs the extra

        self._images = images.of_proxies(base, announce)
        self._containers = complete(self._project, self._containers, announce)

    def create(self, folder: Path, side: str, overrides: Overrides) -> DockerPlatform:
        return DockerPlatform(folder, overrides=overrides, images=self._images, containers=self._containers)

    def of_image(self, folder: Path, image: str) -> DockerPlatform:
        """A platform whose pods run another image of the services; its proxies and its database are as always.

        Only valid within `session`.
        """
        assert self._images is not None, "of_image is only valid within a session"
        return DockerPlatform(folder, images=replace(self._images, fakes=image, proxy=self._images.fakes))

    def image_id(self, image: str) -> str:
        """The id of an image. Raises MachineError when the engine does not have it."""
        from harness.platforms.docker import images  # noqa: PLC0415  needs the extra

        return images.id_of(image)

    def containers(self, folder: Path) -> Collection[str]:
        return {each for ledger in folder.rglob(LEDGER) for each in containers(ledger)}

    def start_detached(self, folder: Path, announce: Announce) -> DockerPlatform:
        try:
            return DockerPlatform.attach(folder)
        except PlatformError:
            self._prepare(announce)
        announce("starting the platform")
        platform = DockerPlatform(folder, detach=True, images=self._images, containers=self._containers)
        platform.clear()
        platform.up()
        return platform

    def destroy(self, folder: Path) -> None:
        DockerPlatform(folder, detach=True).down()
        recover(folder)

    def recover(self, folder: Path) -> Sequence[str]:
        """The daemons first: each removes what it created."""
        ended = []
        for ledger in sorted(folder.rglob(LEDGER)):
            ended += [*process_ledger.recover(ledger.parent), *recover(ledger.parent)]
        return ended

"""Provider of local platforms: they share nothing, and their number is not limited."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from harness.errors import PlatformError
from harness.machine import process_ledger
from harness.platforms.base import Announce, Need, Overrides, PlatformOptions
from harness.platforms.local import own_services
from harness.platforms.local.platform import NO_SERVICES, LocalPlatform

REFUSALS = {
    Need.FRONT: "it has no proxy in front of the shipped services, whose pods share the Service's address; "
    "use --platform docker, or services of your own (`services:` in gameday.yaml)",
    Need.MEMORY_LIMITS: "its pods share the memory of this machine; use `memory-limit`, or --platform docker",
    Need.VOLUME: "the shipped services have no volume; use services of your own with `volume:` in gameday.yaml",
    Need.DNS: "it has no DNS server, its services know each other by address; use --platform docker, or `blackhole` at "
    "the service that is not to be found",
    Need.NETWORK_POLICIES: "it has no network that enforces NetworkPolicies; use --platform kind",
}

OF_OWN_SERVICES = (Need.FRONT, Need.VOLUME)
"""What the user's own services have, and the shipped ones do not."""


class LocalProvider:
    """See base.Provider."""

    name = "local"
    max_parallel_drills = None
    options = frozenset({"services"})

    def __init__(self, options: PlatformOptions) -> None:
        self._services = options.services or NO_SERVICES

    def check(self) -> None:
        LocalPlatform.check_machine()
        own_services.check(self._services)

    def refusal(self, need: Need) -> str:
        return "" if need in OF_OWN_SERVICES and self._services else REFUSALS.get(need, "")

    def session(self, folder: Path, announce: Announce) -> AbstractContextManager[None]:
        return nullcontext()

    def create(self, folder: Path, side: str, overrides: Overrides) -> LocalPlatform:
        return LocalPlatform(folder, overrides=overrides, services=self._services)

    def containers(self, folder: Path) -> Collection[str]:
        return ()

    def start_detached(self, folder: Path, announce: Announce) -> LocalPlatform:
        try:
            return LocalPlatform.attach(folder)
        except PlatformError:
            announce("starting the platform")
        platform = LocalPlatform(folder, detach=True, services=self._services)
        platform.clear()
        platform.up()
        return platform

    def destroy(self, folder: Path) -> None:
        LocalPlatform(folder, detach=True).down()

    def recover(self, folder: Path) -> Sequence[str]:
        return [each for place in process_ledger.platforms(folder) for each in process_ledger.recover(place)]

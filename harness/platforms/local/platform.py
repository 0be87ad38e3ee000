"""The local platform: every pod is a process on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from harness.bindings import OwnService
from harness.cluster import manifest, own_manifest
from harness.errors import GamedayError, PlatformError, StartError
from harness.machine import process_ledger
from harness.machine.guard import Guard
from harness.platforms import starting
from harness.platforms.control_client import DeploymentAnswer, PodAnswer
from harness.platforms.daemon_platform import DaemonPlatform
from harness.platforms.local.own_services import listens_elsewhere, start_error

MANIFESTS = "manifests"
OWN_UP_S = 60.0
"""Time limit for services of the user: what they do while they start is not known."""
NO_SERVICES: Mapping[str, OwnService] = {}

POD = "pod "
"""Begins the entry of a pod in the process ledger."""


class LocalPlatform(DaemonPlatform):
    """See DaemonPlatform. `fork_server`: command that replaces `fakes.fork_server` (docs/reference/contracts.md).

    `services`: the user's own, by name, which run instead of those of the manifests.
    """

    name = "local"
    module = "harness.cluster.runtimes.process.daemon"
    up_s = 30.0
    remains = (*DaemonPlatform.remains, "image", "postgres", "fork-server.log", "postgres.log", MANIFESTS, "services")

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
        manifests: Path | None = None,
        fork_server: Sequence[str] = (),
        services: Mapping[str, OwnService] = NO_SERVICES,
    ) -> None:
        written = folder.resolve() / MANIFESTS
        if services or (written / "kustomization.yaml").exists():
            manifests = written
        super().__init__(folder, overrides=overrides, detach=detach, manifests=manifests)
        self._fork_server, self._services = fork_server, services
        if services:
            self.up_s = OWN_UP_S

    def up(self) -> None:
        if self._services:
            own_manifest.write(self._services.values(), self.folder / MANIFESTS)
        super().up()

    def processes(self) -> Mapping[str, process_ledger.Group]:
        """The process group of each pod that runs, by the pod's name."""
        groups = (group for group in process_ledger.recorded(self.folder) if group.what.startswith(POD))
        return {group.what.removeprefix(POD): group for group in groups if group.leader_lives()}

    def stop_guard(self, pods: Sequence[str], max_duration_s: float) -> Guard:
        places = [group.place for pod, group in self.processes().items() if pod in pods]
        return Guard("harness.machine.guards.stop", [f"{max_duration_s:g}", *places], self.folder)

    def arguments(self) -> Sequence[str]:
        return ("--fork-server", json.dumps(list(self._fork_server))) if self._fork_server else ()

    def _failed(self, why: str, deployment: str) -> GamedayError:
        if deployment in self._services:
            return start_error(self._services[deployment], why)
        return super()._failed(why, deployment)

    def _late(self) -> GamedayError:
        """Names every service without ready pods, what its health check says, and the end of its log."""
        with suppress(PlatformError):
            found = starting.late(self._services, self._state()["deployments"], self._why_late)
            if errors := [str(start_error(each, why)) for each, why in found]:
                return StartError("\n".join(errors))
        return super()._late()

    def _why_late(self, each: OwnService, found: DeploymentAnswer, late: PodAnswer) -> str:
        answer = self.health(each.name)[late["name"]]
        fact = f"HTTP {answer.status}" if answer.status else answer.error
        elsewhere = listens_elsewhere(late["name"], f"{late['ip']}:{found['port']}", self.folder)
        tail = starting.log_end(self.log_files(each.name))
        return f"not healthy within {self.up_s:g} s: `health: {each.health}` gets {fact}{elsewhere}{tail}"

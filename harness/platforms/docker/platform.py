"""The docker platform: every pod, every Service and the database is a container of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from harness.cluster import manifest
from harness.cluster.runtimes.container.ledger import LEDGER
from harness.cluster.runtimes.container.recovery import recover
from harness.errors import GamedayError
from harness.http import call
from harness.machine.guard import Guard
from harness.platforms.control_client import StateAnswer
from harness.platforms.daemon_platform import DaemonPlatform

PAUSING, RESOLVING = (f"harness.cluster.runtimes.container.{name}" for name in ("pausing", "resolving"))
CONTAINERS = '{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID}{"\n"}{end}'
DIRECT_S = 0.5
"""Longest time in which a container on this machine answers."""
KEPT_PREFIXES = ("DOCKER_", "TESTCONTAINERS_", "RYUK_", "TC_")


@dataclass(frozen=True)
class Images:
    """Names of images that exist in the engine: `fakes` for pods, `postgres` for the database."""

    fakes: str
    postgres: str
    proxy: str = ""
    """For the Services' proxies; empty: `fakes`."""


class DockerPlatform(DaemonPlatform):
    """Every pod, Service proxy and database is a container. `images` is required by `up` only."""

    name = "docker"
    module = "harness.cluster.runtimes.container.daemon"
    up_s, down_s = 120.0, 40.0
    remains = (*DaemonPlatform.remains, LEDGER, "services", "postgres.log")

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
        assert self._images is not None, "up needs images"
        names = self._images
        proxy = names.proxy or names.fakes
        return ("--image", names.fakes, "--postgres-image", names.postgres, "--proxy-image", proxy)

    def load_host(self, state: StateAnswer, service: str) -> str:
        """The address of the proxy's container if the proxy answers there, as with an engine on Linux itself.

        The published port leads through a process of the engine, which needs as much CPU as the proxy. Only the proxy
        accepts its token: elsewhere, the address may be that of another machine.
        """
        address, front = state["cluster_ips"][service], state["fronts"][service]
        url = f"http://{address}:{urlsplit(front['admin']).port}/endpoints"
        answer = call("GET", url, headers={"Authorization": f"Bearer {front['token']}"}, timeout_s=DIRECT_S)
        return address if answer.status == HTTPStatus.OK else super().load_host(state, service)

    def environment(self) -> Mapping[str, str]:
        """Variables of Docker and testcontainers; the mode keeps traffic on loopback even inside a container."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(KEPT_PREFIXES)}
        return {"TESTCONTAINERS_CONNECTION_MODE": "docker_host", **ours, **super().environment()}

    def stop_guard(self, pods: Sequence[str], max_duration_s: float) -> Guard:
        return self._guard(PAUSING, [f"{max_duration_s:g}", *self.containers(pods)])

    def dns_guard(self, max_duration_s: float) -> Guard:
        """A guard that lets the containers it is asked for resolve no names. Raises PlatformError."""
        return self._guard(RESOLVING, [f"{max_duration_s:g}"])

    def _guard(self, module: str, arguments: Sequence[str]) -> Guard:
        return Guard(module, arguments, self.folder, self.environment())

    def containers(self, pods: Sequence[str]) -> Sequence[str]:
        """The ids of the pods' running containers."""
        listed = self.kubectl("get", "pods", "-n", self.namespace, "-o", f"jsonpath={CONTAINERS}").stdout
        found = (line.split(" ") for line in listed.splitlines())
        return [container.removeprefix("docker://") for pod, container in found if pod in pods]

    def recover(self) -> Sequence[str]:
        """Never raises: what an unreachable engine still has remains in the ledger, and the provider reports it."""
        ended = list(super().recover())
        with suppress(GamedayError):
            ended += recover(self.folder)
        return ended

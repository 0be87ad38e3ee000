"""The docker platform: every pod, every Service and the database is a container of its own."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from harness.bindings import ComposeService
from harness.cluster import manifest
from harness.cluster.runtimes.container.ledger import LEDGER
from harness.cluster.runtimes.container.recovery import recover
from harness.errors import GamedayError, PlatformError, StartError
from harness.http import Answer, call
from harness.machine.guard import Guard
from harness.platforms import starting
from harness.platforms.control_client import DeploymentAnswer, FrontAnswer, PodAnswer, StateAnswer
from harness.platforms.daemon_platform import DaemonPlatform
from harness.platforms.docker.compose import manifests
from harness.platforms.docker.compose.model import Container

PAUSING, RESOLVING = (f"harness.cluster.runtimes.container.{name}" for name in ("pausing", "resolving"))
CONTAINERS = '{range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID}{"\n"}{end}'
MANIFESTS = "manifests"
DIRECT_S = 0.5
"""Longest time in which a container on this machine answers."""
KEPT_PREFIXES = ("DOCKER_", "TESTCONTAINERS_", "RYUK_", "TC_")


@dataclass(frozen=True)
class Images:
    """Names of images that exist in the engine: `fakes` for pods, `postgres` for the database."""

    fakes: str
    postgres: str = ""
    """Empty: there is no database."""
    proxy: str = ""
    """For the Services' proxies; empty: `fakes`."""


class DockerPlatform(DaemonPlatform):
    """Every pod, Service proxy and database is a container. `images` is required by `up` only.

    `containers`: those of a compose project, which run instead of the shipped services.
    """

    name = "docker"
    module = "harness.cluster.runtimes.container.daemon"
    up_s, down_s = 120.0, 40.0
    remains = (*DaemonPlatform.remains, LEDGER, "services", "postgres.log", MANIFESTS)

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
        images: Images | None = None,
        containers: Sequence[Container] = (),
    ) -> None:
        written = folder.resolve() / MANIFESTS
        composed = bool(containers) or (written / "kustomization.yaml").exists()
        super().__init__(folder, overrides=overrides, detach=detach, manifests=written if composed else None)
        self._images, self._containers, self._composed = images, containers, composed
        self._direct: dict[str, bool] = {}
        """Whether our proxy answers at an address; asked once, since probes need the host every second."""

    def up(self) -> None:
        if self._containers:
            manifests.write(self._containers, self.folder / MANIFESTS)
        super().up()

    def arguments(self) -> Sequence[str]:
        assert self._images is not None, "up needs images"
        names = self._images
        proxy = names.proxy or names.fakes
        database = ("--postgres-image", names.postgres) if names.postgres else ()
        return ("--image", names.fakes, *database, "--proxy-image", proxy)

    def load_host(self, state: StateAnswer, service: str) -> str:
        """The address of the proxy's container if the proxy answers there, as with an engine on Linux itself.

        The published port leads through a process of the engine, which needs as much CPU as the proxy. Only the proxy
        accepts its token: elsewhere, the address may be that of another machine.
        """
        address = state["cluster_ips"][service]
        if address not in self._direct:
            self._direct[address] = _is_proxy(address, state["fronts"][service])
        return address if self._direct[address] else super().load_host(state, service)

    def environment(self) -> Mapping[str, str]:
        """Variables of Docker and testcontainers; the mode keeps traffic on loopback even inside a container."""
        ours = {name: value for name, value in os.environ.items() if name.startswith(KEPT_PREFIXES)}
        return {"TESTCONTAINERS_CONNECTION_MODE": "docker_host", **ours, **super().environment()}

    def health(self, deployment: str) -> Mapping[str, Answer]:
        """Of a compose project: what the kubelet found last; each health check is a process in its container."""
        if not self._composed:
            return super().health(deployment)
        found = {pod["name"]: _unhealthy(pod) for pod in self._deployment(deployment)["pods"]}
        return {pod: Answer(0, "", why) if why else Answer(200, "") for pod, why in found.items()}

    def _failed(self, why: str, deployment: str) -> GamedayError:
        services = {each.service.name: each.service for each in self._containers}
        if deployment in services:
            return starting.start_error(services[deployment], why)
        return super()._failed(why, deployment)

    def _late(self) -> GamedayError:
        """Names every service without ready pods, what its health check says, and the end of its log."""
        services = {each.service.name: each.service for each in self._containers}
        with suppress(PlatformError):
            found = starting.late(services, self._state()["deployments"], self._why_late)
            if errors := [str(starting.start_error(each, why)) for each, why in found]:
                return StartError("\n".join(errors))
        return super()._late()

    def _why_late(self, each: ComposeService, found: DeploymentAnswer, pod: PodAnswer) -> str:
        why = _unhealthy(pod)
        dialled = "dial tcp" in why and each.port is None
        fix = f"; if it has no port, write `compose.services.{each.name}.port: none` in gameday.yaml" if dialled else ""
        return f"not healthy within {self.up_s:g} s: {why}{fix}{starting.log_end(self.log_files(each.name))}"

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


def _unhealthy(pod: PodAnswer) -> str:
    """Why a pod of a compose project is not healthy; "" if it is."""
    return pod["waiting"] or pod["unhealthy"] or ("" if pod["ready"] else "its health check was not asked yet")


def _is_proxy(address: str, front: FrontAnswer) -> bool:
    """Whether the proxy of a Service answers at an address."""
    url = f"http://{address}:{urlsplit(front['admin']).port}/endpoints"
    answer = call("GET", url, headers={"Authorization": f"Bearer {front['token']}"}, timeout_s=DIRECT_S)
    return answer.status == HTTPStatus.OK

"""The ways from this machine to the Services of a release: the NodePorts at a node."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from harness.errors import PlatformError
from harness.http import call, connection_error
from harness.machine.objects import Obj
from harness.machine.platform_state import Destination
from harness.platforms.kubernetes import shell
from harness.platforms.kubernetes.objects import Pod, node_ports, selected
from harness.platforms.kubernetes.release import Release

HINT = "see docs/how-to/kubernetes.md#addresses"


class Entrances:
    """The NodePorts of the Services, and the operator's curl, which reaches them by the Services' names."""

    def __init__(self, release: Release, services: Sequence[Obj], node: str, home: Path) -> None:
        """`services` are those of the namespace; `node`: the address of a node, "" if it becomes known by the pods.

        `home` is the folder of the operator's shell.
        """
        self._release, self._node, self._home = release, node, home
        self._ports = node_ports(services, release.services)
        self._closed = shell.Closed()
        self.follow(())

    def follow(self, pods: Sequence[Pod]) -> None:
        """Lead curl to the Services with a ready pod; others refuse. A NodePort behind a proxy of the container engine
        would accept and hang up."""
        ready = [pod for pod in pods if pod.ready and not pod.ending and pod.app]
        self._node = self._node or next((pod.node for pod in ready if pod.node), "")
        self._write([name for name in self._ports if self._has_pod(name, ready)])

    def _has_pod(self, service: str, pods: Sequence[Pod]) -> bool:
        return any(selected(self._release.services[service], pod.labels) for pod in pods)

    def _write(self, reachable: Collection[str]) -> None:
        places = {
            name: {port: f"{self._node}:{node}" for port, node in ports.items() if name in reachable}
            for name, ports in self._ports.items()
        }
        shell.write_curlrc(self._home, self._release.namespace, places, self._closed.port)

    def open_all(self) -> None:
        """Lead curl to all Services, whether or not they have ready pods: nothing follows the pods."""
        self._write(self._ports)

    def ports(self) -> Mapping[str, Sequence[int]]:
        """The ports of each Service that can be reached."""
        return {name: list(ports) for name, ports in self._ports.items()}

    def destinations(self) -> Sequence[Destination]:
        """Host and port of each entrance."""
        return [(self._node, port) for ports in self._ports.values() for port in ports.values()]

    def url(self, service: str) -> str:
        """The address of the first port of a Service. Raises PlatformError for one that has none."""
        if service not in self._ports:
            raise PlatformError(f"no such Service: {service}; there are {', '.join(sorted(self._ports))}")
        return f"http://{self._node}:{next(iter(self._ports[service].values()))}"

    def unreachable(self, pods: Sequence[Pod]) -> str:
        """Which Service with ready pods does not answer, and why; "" when all do."""
        ready = [pod for pod in pods if pod.ready and not pod.ending]
        for service in self._ports:
            if self._has_pod(service, ready) and (why := self._refusal(service)):
                return f"{self.url(service)}: {service} cannot be reached from here: {why}; {HINT}"
        return ""

    def _refusal(self, service: str) -> str:
        if self._release.own:
            return connection_error(self._node, next(iter(self._ports[service].values())))
        answer = call("GET", f"{self.url(service)}/health")
        return "" if answer.status == 200 else answer.error or f"{answer.status} {answer.body}"

    def close(self) -> None:
        """Release the port that refuses."""
        self._closed.close()

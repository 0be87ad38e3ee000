"""Contract between a platform's daemon and its backend: the places it may use, and what it runs beside the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.cluster.manifest import Manifest
from harness.cluster.runtime import Runtime
from harness.machine import process_ledger
from harness.machine.loopback import FIRST_SERVICE, Subnet
from harness.machine.platform_state import AdminPort


@dataclass(frozen=True)
class Layout:
    """The places that a platform uses on this machine."""

    ledger: process_ledger.Ledger
    subnet: Subnet
    runtime: Path
    """A folder with a short path, for unix sockets."""
    manifest: Manifest

    @property
    def folder(self) -> Path:
        """The platform's folder."""
        return self.ledger.folder

    def service_addresses(self) -> dict[str, str]:
        """Loopback address by Service name."""
        return {name: self.subnet.address(FIRST_SERVICE + index) for index, name in enumerate(self.manifest.services)}


class Backend(Protocol):
    """The runtime of a platform's pods, and what must run beside them: database, fork server, Service proxies."""

    @property
    def runtime(self) -> Runtime: ...

    @property
    def data_dir(self) -> str:
        """Folder of the database's files."""
        ...

    async def prepare(self) -> None:
        """Create what the Deployments' objects refer to; returns before the first pod is created."""
        ...

    async def start(self) -> None:
        """Complete what may start beside the pods; returns when it is up."""
        ...

    async def watch(self) -> None:
        """Raises PlatformError when a part fails that no kubelet restarts; does not return otherwise."""
        ...

    def address(self, service: str) -> str:
        """The address at which the harness reaches a Service."""
        ...

    def cluster_ip(self, service: str) -> str:
        """The Service's address as the pods see it. Only valid after `prepare`."""
        ...

    def front(self, service: str) -> AdminPort | None:
        """The admin port of the proxy in front of a Service; None: its connections reach the pods without one."""
        ...

    def host(self, service: str) -> str:
        """The host name or address by which pods reach a Service. Only valid after `prepare`."""
        ...

    def database_url(self) -> str: ...

    async def end(self) -> None:
        """End and remove everything. Valid after any of the other calls, also a failed one."""
        ...

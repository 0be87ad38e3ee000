"""What runs a pod's container, as the kubelet needs it. Members: forked processes (local), containers (docker)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.platforms.control_plane.api import Process

if TYPE_CHECKING:
    from harness.platforms.control_plane.state import Pod


@dataclass(frozen=True)
class Node:
    """The one node of the platform, as objects show it."""

    name: str
    address: str
    image: str
    """The image of every pod; there is no other."""
    os_image: str
    runtime: str
    """`containerRuntimeVersion`, `NAME://VERSION`."""
    digest: str = ""
    """`imageID`."""


@dataclass(frozen=True)
class Reading:
    """What a container has used so far: CPU seconds since its start, and bytes of memory now."""

    cpu_s: float
    memory_bytes: int


class Container(Protocol):
    """One start of a pod's container."""

    @property
    def id(self) -> str:
        """`NAME://ID`, as `containerID` shows it."""
        ...

    @property
    def exited(self) -> asyncio.Future[int]:
        """Exit status to come, once its log is complete; a negative signal number when one ended it."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """To all of its processes, if it still runs."""
        ...


class Runtime(Protocol):
    """Runs the containers of one platform."""

    @property
    def node(self) -> Node: ...

    def admit(self, pod: Pod) -> None:
        """Give a new pod its place: `address`, and `ip` where it is known before the start. Raises MachineError."""
        ...

    async def launch(self, pod: Pod, log: Path) -> Container:
        """Start the pod's container, output appended to `log`; then `pod.ip` is set. Raises PlatformError."""
        ...

    async def serve(self, pod: Pod, serving: bool) -> bool:
        """Let new connections to the pod's Service reach it, or not; whether that is done."""
        ...

    async def execute(self, pod: Pod, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Process:
        """Start a command in the pod's container; raises FileNotFoundError for a program that it lacks."""
        ...

    async def release(self, pod: Pod) -> None:
        """Its container has ended: end what else ran in it, and give its place back."""
        ...

    async def readings(self, pods: Iterable[Pod]) -> Mapping[str, Reading]:
        """By pod name, of those that run."""
        ...

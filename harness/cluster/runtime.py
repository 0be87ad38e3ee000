"""What runs a pod's container, as the kubelet needs it. Members: forked processes (local), containers (docker)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from harness.cluster.api import Process
from harness.cluster.container import Container, Node, Reading
from harness.cluster.state import Pod


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

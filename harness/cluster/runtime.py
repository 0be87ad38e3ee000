"""Contract of a runtime, which runs the containers of pods: as forked processes (local) or containers (docker)."""

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
    def node(self) -> Node:
        """The node on which all containers run."""
        ...

    def admit(self, pod: Pod) -> None:
        """Assign a new pod its `address`, and its `ip` if known already. Raises MachineError when none is free."""
        ...

    async def launch(self, pod: Pod, log: Path) -> Container:
        """Start the pod's container, with its output appended to `log`, and set `pod.ip`. Raises PlatformError."""
        ...

    async def serve(self, pod: Pod, serving: bool) -> bool:
        """Make the pod's Service use the pod for new connections, or not; returns whether that succeeded."""
        ...

    async def execute(self, pod: Pod, argv: Sequence[str], *, stdin: bytes | None, tty: bool) -> Process:
        """Start a command in the pod's container. Raises FileNotFoundError for a missing program."""
        ...

    async def release(self, pod: Pod) -> None:
        """End what still runs in an ended container, and free its address."""
        ...

    async def readings(self, pods: Iterable[Pod]) -> Mapping[str, Reading]:
        """Resource readings of the running pods, by pod name."""
        ...

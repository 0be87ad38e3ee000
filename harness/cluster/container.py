"""A started container and the node it runs on, as the kubelet sees them."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass
from typing import Protocol


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

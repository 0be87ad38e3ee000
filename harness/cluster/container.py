"""Contracts between the kubelet and a runtime: a started container, its node, its resource readings."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Node:
    """The platform's only node, as its Node object shows it."""

    name: str
    address: str
    images: Mapping[str, str]
    """`imageID` by name of each image that exists here."""
    os_image: str
    runtime: str
    """`containerRuntimeVersion`, `NAME://VERSION`."""
    forwarded: bool = False
    """Whether a proxy accepts the connections to pods, and closes those that a pod refuses."""


@dataclass(frozen=True)
class Reading:
    """CPU seconds used since a container's start, and bytes of memory in use."""

    cpu_s: float
    memory_bytes: int


class Container(Protocol):
    """A started container of a pod."""

    @property
    def id(self) -> str:
        """`RUNTIME://ID`, the value of `containerID`."""
        ...

    @property
    def exited(self) -> asyncio.Future[int]:
        """Resolves to the exit status when the log is complete; to the negative signal number if a signal ended it."""
        ...

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all of its processes, if it still runs."""
        ...

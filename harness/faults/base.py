"""The contract of a fault: one verb, `inject`, that returns its undo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.load.base import Load
from harness.platforms.base import Platform


@dataclass(frozen=True)
class Target:
    """What a fault can reach: one platform and the load on it."""

    platform: Platform
    load: Load


@dataclass(frozen=True)
class Undo:
    """How to take a fault back: `text` for the journal, `run` does it, may be called twice and raises PlatformError."""

    text: str
    run: Callable[[], None]


class Fault(Protocol):
    """One way to break something. It never knows which remedy will come."""

    @property
    def text(self) -> str:
        """What it does, in a few words: `inference: slot-loss slots=5`."""
        ...

    def undo(self, target: Target) -> Undo:
        """The way back, known before anything is done, so that it can be on disk first."""
        ...

    def inject(self, target: Target) -> None:
        """Do the harm; raises PlatformError when it did not take."""
        ...

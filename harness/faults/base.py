"""The contract of a fault: `prepare(target)` returns an `Injection`, which applies the fault and reverts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.load.base import Load
from harness.platforms.base import Platform


@dataclass(frozen=True)
class Target:
    """What a fault can break: one platform and the load on it."""

    platform: Platform
    load: Load


@dataclass(frozen=True)
class Injection:
    """One fault prepared on one target. Preparing it breaks nothing; the caller records `text`, then calls `apply`."""

    text: str
    """What `revert` will do, for the revert entry of the record: `scale deployment/inference to 2`."""
    apply: Callable[[], None]
    """Applies the fault once. Raises PlatformError when it did not take effect."""
    revert: Callable[[], None]
    """Reverts the fault, also when `apply` failed halfway or was never called. Idempotent. Raises PlatformError."""


class Fault(Protocol):
    """One way to break a service. A fault does not know which remedy will be tried.

    A member is registered under the entry point group `gameday.faults` as a callable that takes a FaultSpec and raises
    BindingError for parameters that it cannot use.
    """

    @property
    def text(self) -> str:
        """The fault as the bindings define it: `inference: slot-loss slots=5`."""
        ...

    def prepare(self, target: Target) -> Injection:
        """Read from the target what the revert needs. Changes nothing. Raises PlatformError."""
        ...

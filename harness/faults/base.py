"""The contract of a fault: `prepare(target)` returns an `Injection`, which applies, checks and reverts it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from harness.errors import GamedayError
from harness.load.base import Load
from harness.platforms.base import Need, Platform
from harness.record.events import FaultStateName


@dataclass(frozen=True)
class Target:
    """What a fault can break: one platform and the load on it."""

    platform: Platform
    load: Load


@dataclass(frozen=True)
class FaultState:
    """Whether a fault is in effect on its target at one moment, and the observation.

    `active`: it is. `changed`: what had it (pods, an object) was replaced or changed, which can be the work of the
    response. `ended`: it is over by itself, although what had it is still the same. `unknown`: the target did not say.
    """

    state: FaultStateName
    why: str = ""


def no_check() -> FaultState:
    """The check of a fault that has none."""
    return FaultState("unknown", "this fault has no check")


@dataclass(frozen=True)
class Injection:
    """One fault prepared on one target. Preparing it breaks nothing; the caller records `text`, then calls `apply`."""

    text: str
    """What `revert` will do, for the revert entry of the record: `scale deployment/inference to 2`."""
    apply: Callable[[], None]
    """Applies the fault once. Raises PlatformError when it did not take effect."""
    revert: Callable[[], None]
    """Reverts the fault, also when `apply` failed halfway or was never called. Idempotent. Raises PlatformError."""
    check: Callable[[], FaultState] = no_check
    """Reads whether the fault is still in effect, from any thread and after `apply`. Changes nothing. May raise."""

    def state(self) -> FaultState:
        """The answer of `check`; `unknown` with the reason when it raised an error."""
        try:
            return self.check()
        except Exception as error:  # a fault of another package may raise anything
            why = str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}"
            return FaultState("unknown", why)


class Fault(Protocol):
    """One way to break a service. A fault does not know which remedy will be tried.

    A member is registered under the entry point group `gameday.faults` as a callable that takes a FaultSpec and raises
    BindingError for parameters that it cannot use. Its attribute `needs`, if it has one, is what `needs_of` returns.
    """

    @property
    def text(self) -> str:
        """The fault as the bindings define it: `inference: slot-loss slots=5`."""
        ...

    def prepare(self, target: Target) -> Injection:
        """Read from the target what the revert needs. Changes nothing. Raises PlatformError."""
        ...


def needs_of(fault: Fault) -> frozenset[Need]:
    """What a fault needs that not every platform has; a platform without one of them refuses the fault."""
    return getattr(fault, "needs", frozenset())

"""`slot-loss`: removes worker slots, so that capacity falls by their share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fakes.faults.base import Range, Revert, Scope


class Slots(Protocol):
    """A bounded number of slots of which some can be removed."""

    def remove(self, slots: int) -> Revert: ...


@dataclass(frozen=True)
class SlotLoss:
    """Removes slots; `name` is `slot-loss` for workers and `sender-loss` for senders."""

    slots: Slots
    name: str = "slot-loss"
    scope: Scope = "deployment"
    parameters: Mapping[str, Range] = field(default_factory=lambda: {"slots": Range(1, 10_000, whole=True)})

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        return self.slots.remove(int(parameters["slots"]))

"""Slots are gone: capacity falls by their share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from fakes.faults.base import Range, Revert


class Slots(Protocol):
    """Anything that works through a bounded number of slots."""

    def lose(self, slots: int) -> Revert: ...


@dataclass(frozen=True)
class SlotLoss:
    """`slot-loss` of workers; the same for senders under its own name."""

    slots: Slots
    name: str = "slot-loss"
    parameters: Mapping[str, Range] = field(default_factory=lambda: {"slots": Range(1, 10_000, whole=True)})

    def inject(self, parameters: Mapping[str, float]) -> Revert:
        return self.slots.lose(int(parameters["slots"]))

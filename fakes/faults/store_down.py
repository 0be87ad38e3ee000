"""The tool service's own store refuses every look-up."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.faults.base import Range, Undo


class StoreDown:
    """`store-down`."""

    name = "store-down"
    parameters: Mapping[str, Range] = {}

    def __init__(self) -> None:
        self._on = 0

    @property
    def on(self) -> bool:
        return self._on > 0

    def inject(self, parameters: Mapping[str, float]) -> Undo:
        self._on += 1
        return self._undo

    def _undo(self) -> None:
        self._on -= 1

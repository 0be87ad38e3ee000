"""The tool service's own store refuses every look-up."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.faults.base import Range, Revert


class StoreDown:
    """`store-down`."""

    name = "store-down"
    parameters: Mapping[str, Range] = {}

    def __init__(self) -> None:
        self._on = 0

    @property
    def on(self) -> bool:
        return self._on > 0

    def inject(self, parameters: Mapping[str, float]) -> Revert:
        self._on += 1
        return self._revert

    def _revert(self) -> None:
        self._on -= 1

"""`store-down`: the tool service's store refuses every look-up."""

from __future__ import annotations

from collections.abc import Mapping

from fakes.faults.base import Range, Revert, Scope


class StoreDown:
    """Makes the store fail while any is active."""

    name = "store-down"
    scope: Scope = "deployment"
    parameters: Mapping[str, Range] = {}

    def __init__(self) -> None:
        self._count = 0

    @property
    def active(self) -> bool:
        return self._count > 0

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        self._count += 1
        return self._revert

    def _revert(self) -> None:
        self._count -= 1

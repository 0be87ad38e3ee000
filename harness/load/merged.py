"""Merges the load streams of several workers that share one load into one stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class MergedCounts:
    """The counts of all workers, up to the time that each of them has reached. Not thread-safe."""

    def __init__(self, workers: int) -> None:
        """`workers`: how many there are; nothing is passed on before all of them have sent counts."""
        self._missing = workers
        self._until_s: dict[str, float] = {}
        self._pending: list[Any] = []

    def add(self, worker: str, message: Mapping[str, Any]) -> dict[str, Any] | None:
        """Add the counts of one message; return the merged one, None while a worker has sent nothing."""
        if worker not in self._until_s:
            self._missing -= 1
        self._until_s[worker] = message["t"]
        self._pending += message["deltas"]
        return self._merged()

    def leave(self, worker: str) -> None:
        """Wait no longer for a worker, which has left; what it counted stays."""
        if self._until_s.pop(worker, None) is None:
            self._missing -= 1

    def _merged(self) -> dict[str, Any] | None:
        if self._missing > 0:
            return None
        deltas, self._pending = self._pending, []
        return {"ev": "load", "t": min(self._until_s.values()), "deltas": deltas}

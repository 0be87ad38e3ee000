"""A worker that takes a job never ends it: more time does not help, a new process does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fakes.faults.base import Range, Revert


class Wedge:
    """`wedge`; the revert lets the wedged workers go on, so that nothing stays broken behind a dead harness."""

    name = "wedge"
    parameters: Mapping[str, Range] = {}

    def __init__(self) -> None:
        self._on = 0
        self._free = asyncio.Event()
        self._free.set()

    async def passed(self) -> None:
        """Where a worker gets stuck while the fault is on."""
        await self._free.wait()

    def inject(self, parameters: Mapping[str, float]) -> Revert:
        self._on += 1
        self._free.clear()
        return self._revert

    def _revert(self) -> None:
        self._on -= 1
        if not self._on:
            self._free.set()

"""`wedge`: a worker never ends the job that it takes; a new process is the only remedy."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from fakes.faults.base import Range, Revert, Scope


class Wedge:
    """Blocks workers while any is active; the revert releases them."""

    name = "wedge"
    scope: Scope = "process"
    parameters: Mapping[str, Range] = {}

    def __init__(self) -> None:
        self._count = 0
        self._free = asyncio.Event()
        self._free.set()

    async def wait_until_free(self) -> None:
        """Block the calling worker while the fault is active."""
        await self._free.wait()

    def apply(self, parameters: Mapping[str, float]) -> Revert:
        self._count += 1
        self._free.clear()
        return self._revert

    def _revert(self) -> None:
        self._count -= 1
        if not self._count:
            self._free.set()

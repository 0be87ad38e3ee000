"""Limit the number of connections; further ones wait a limited time for a free place."""

from __future__ import annotations

import asyncio
from collections import deque


class Admission:
    """Admits up to `limit` connections, first come, first served."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, wait_s: float) -> bool:
        """Take a place; return False when none became free within `wait_s`."""
        if self.taken < self.limit:
            self.taken += 1
            return True
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await asyncio.wait({turn}, timeout=wait_s)
        if turn.done():
            return True
        turn.cancel()
        return False

    def release(self) -> None:
        """Release a place to the connection that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1

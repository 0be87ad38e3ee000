"""The places of a pod: so many connections are admitted, further ones wait a little for one to become free."""

from __future__ import annotations

import asyncio
from collections import deque


class Places:
    """First come, first served."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self, wait_s: float) -> bool:
        """False when none became free in that time."""
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

    def give_back(self) -> None:
        """One place is free: it goes to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.taken -= 1

"""One direction of a forwarded connection: bytes pass on at once, or when the active faults let them."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

from fakes.forwarding.wakes import Wakes

HIGH_BYTES, LOW_BYTES = 1 << 18, 1 << 16
"""Reading stops while more than the first number of bytes are held, and goes on below the second."""
NEVER = math.inf


class Limits(Protocol):
    """When bytes may pass in one direction, on the event loop's clock."""

    unlimited: bool
    """Whether all bytes may pass at once."""
    paced: bool
    """Whether `piece_bytes` and `passed_s` have to be asked."""

    def held_until_s(self, arrived_s: float) -> float:
        """The time until which bytes are held that arrived at `arrived_s`; NEVER: until the faults change."""
        ...

    def piece_bytes(self) -> int:
        """How many bytes pass at a time at most."""
        ...

    def passed_s(self, size: int, now_s: float) -> float:
        """Take up the capacity for `size` bytes; returns when they have passed."""
        ...


class Pipe:
    """Forwards from the transport `source` to `sink`, in order, with back-pressure; holds everything until `open`.

    While it is `direct`, its user writes to `sink` itself.
    """

    def __init__(self, limits: Limits, wakes: Wakes, ended: Callable[[], None]) -> None:
        """`ended` is called when the end of this direction has passed."""
        self._limits, self._wakes, self._now_s, self._ended = limits, wakes, wakes.loop.time, ended
        self.source: asyncio.Transport | None = None
        self.sink: asyncio.Transport | None = None
        self.direct = self.over = False
        self.wake_s = NEVER
        self._queue: deque[tuple[float, float, bytes]] = deque()
        """What is held: when it arrived, until when, and the bytes; without any, the end of this direction."""
        self._held_bytes = 0
        self._passing: tuple[float, bytes] | None = None
        """The piece that takes up capacity now, and when it has passed."""
        self._full = self._paused = False

    @property
    def free(self) -> bool:
        """Whether bytes need no more than to be written to `sink`."""
        return not self._queue and self.sink is not None and not self.over and self._limits.unlimited

    @property
    def stuck(self) -> bool:
        """Whether what arrives now would be held until the faults change."""
        return self._limits.held_until_s(self._now_s()) == NEVER

    def open(self, sink: asyncio.Transport) -> None:
        """Begin to forward to `sink`."""
        self.sink = sink
        self._advance()

    def take(self, data: bytes) -> None:
        """Forward bytes behind everything that is still held."""
        if self.over:
            return
        now_s = self._now_s()
        until_s = self._limits.held_until_s(now_s)
        self._queue.append((now_s, until_s, data))
        self._held_bytes += len(data)
        if now_s < until_s < NEVER and len(self._queue) == 1:  # the usual case, without a second look
            self._wakes.at(until_s, self)
        elif self.wake_s == NEVER:
            self._advance()
        if self._held_bytes > HIGH_BYTES:
            self._regulate()

    def end(self) -> None:
        """Forward the end of this direction behind everything that is still held."""
        self.take(b"")

    def set_full(self, full: bool) -> None:
        """Stop while the receiver's buffer is full, then go on."""
        self._full = full
        self._advance()

    def reconsider(self) -> None:
        """Ask again how long the held bytes have to wait: the faults have changed."""
        self._passing = None
        held_until_s = self._limits.held_until_s
        self._queue = deque((arrived_s, held_until_s(arrived_s), data) for arrived_s, _, data in self._queue)
        self._advance()

    def close(self) -> None:
        """Drop what is held and forward nothing more."""
        self.over, self.direct, self.wake_s = True, False, NEVER
        self._queue.clear()

    def wake(self) -> None:
        """The time has come for which it waited."""
        self._advance()

    def _advance(self) -> None:
        """Forward everything that may pass now, and wait for the rest."""
        wake_s = self._forward()
        if wake_s == NEVER:
            self.wake_s = NEVER
        else:
            self._wakes.at(wake_s, self)
        if self._paused or self._full or self._held_bytes > HIGH_BYTES:
            self._regulate()

    def _forward(self) -> float:
        """Forward until something has to wait; returns until when."""
        now_s, queue = self._now_s(), self._queue
        while queue and self.sink is not None and not self._full:
            _, until_s, data = queue[0]
            if until_s > now_s:
                return until_s
            if not data:
                self._end()
            elif not self._limits.paced:
                queue.popleft()
                self._held_bytes -= len(data)
                self.sink.write(data)
            elif (passed_s := self._pass_piece(now_s)) > now_s:
                return passed_s
        return NEVER

    def _pass_piece(self, now_s: float) -> float:
        """Write the next piece if it has passed; returns when that is."""
        arrived_s, until_s, data = self._queue[0]
        if self._passing is None:
            piece = data[: self._limits.piece_bytes()]
            self._passing = self._limits.passed_s(len(piece), now_s), piece
        passed_s, piece = self._passing
        if passed_s <= now_s:
            self._passing = None
            self._queue.popleft()
            if rest := data[len(piece) :]:
                self._queue.appendleft((arrived_s, until_s, rest))
            self._held_bytes -= len(piece)
            assert self.sink is not None
            self.sink.write(piece)
        return passed_s

    def _end(self) -> None:
        self._queue.clear()
        self.over, self.direct = True, False
        self._ended()

    def _regulate(self) -> None:
        """Stop reading while too much is held or nothing can be written, so that the sender is stopped too."""
        if self.source is None or self.source.is_closing():
            return
        wanted = self._full or self._held_bytes > (LOW_BYTES if self._paused else HIGH_BYTES)
        if wanted != self._paused:
            self._paused = wanted
            if wanted:
                self.source.pause_reading()
            else:
                self.source.resume_reading()

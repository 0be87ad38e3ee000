"""A cheap HTTP server that counts: `python -m benchmarks.parts.target`, told and asked by JSON lines on its stdin.

`{"op": "reset", "stall_at_s": 8, "stall_s": 2}` begins a run, the stall timed from its first request.
`{"op": "count"}` is answered with a `Count`. The first line it prints is `{"port": n}`. It ends with its stdin.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, cast

import httptools
import uvloop

BACKLOG = 4096
HEAD = b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@dataclass
class Count:
    """One run as the server saw it. `wrong` of the `requests` had another body than agreed; times are monotonic.

    `gaps_100us` counts the gaps between one request and the next, in steps of 0.1 ms.
    """

    requests: int = 0
    wrong: int = 0
    answered: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    gaps_100us: Counter[int] = field(default_factory=Counter)

    def to_wire(self) -> dict[str, object]:
        """As JSON, with the 99th percentile of the gaps in milliseconds in their place."""
        left = 0.99 * self.gaps_100us.total()
        for gap in sorted(self.gaps_100us):
            left -= self.gaps_100us[gap]
            if left <= 0:
                break
        gap_p99_ms = None if not self.gaps_100us else (gap + 1) / 10
        return {name: value for name, value in vars(self).items() if name != "gaps_100us"} | {"gap_p99_ms": gap_p99_ms}


@dataclass
class Desk:
    """What all connections share: the count, and the answers that are held back while the server stalls."""

    loop: asyncio.AbstractEventLoop
    count: Count = field(default_factory=Count)
    stall_at_s: float = 0.0
    stall_s: float = 0.0
    held: list[tuple[asyncio.Transport, bytes]] = field(default_factory=list)

    def reset(self, stall_at_s: float, stall_s: float) -> None:
        """Begins a run."""
        self.count, self.held = Count(), []
        self.stall_at_s, self.stall_s = stall_at_s, stall_s

    def take(self, transport: asyncio.Transport, body: bytes) -> None:
        """Counts a request and answers it, now or when the stall ends."""
        now_s = time.monotonic()  # the loop's own clock stands still while it works
        if not self.count.requests:
            self.count.first_s = now_s
            if self.stall_s:
                self.loop.call_later(self.stall_at_s + self.stall_s, self.release, self.count)
        else:
            self.count.gaps_100us[int((now_s - self.count.last_s) * 1e4)] += 1
        self.count.requests += 1
        self.count.last_s = now_s
        answer = self._answer(body)
        if 0 <= now_s - self.count.first_s - self.stall_at_s < self.stall_s:
            self.held.append((transport, answer))
        else:
            self._send(transport, answer)

    def release(self, run: Count) -> None:
        """Ends the stall of a run; one that was reset meanwhile has nothing to release."""
        if run is self.count:
            held, self.held = self.held, []
            for transport, answer in held:
                self._send(transport, answer)

    def _send(self, transport: asyncio.Transport, answer: bytes) -> None:
        if not transport.is_closing():
            self.count.answered += 1
            transport.write(answer)

    def _answer(self, body: bytes) -> bytes:
        try:
            number = int(json.loads(body)["id"])
        except (ValueError, TypeError, KeyError):
            self.count.wrong += 1
            text, status, reason = b'{"ok": false}', 400, b"Bad Request"
        else:
            text, status, reason = b'{"id": %d, "ok": true}' % number, 200, b"OK"
        return HEAD % (status, reason, len(text)) + text


class Connection(asyncio.Protocol):
    """One client's connection; httptools calls the `on_…` methods."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keeps the way back."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from asyncio's

    def data_received(self, data: bytes) -> None:
        """Closes on what is not HTTP."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self._desk.take(self._transport, self._body)


async def main() -> None:
    """Serves until stdin ends."""
    loop = asyncio.get_running_loop()
    desk = Desk(loop)
    server = await loop.create_server(lambda: Connection(desk), "127.0.0.1", 0, backlog=BACKLOG)
    say({"port": server.sockets[0].getsockname()[1]})
    async for order in orders(loop):
        if order["op"] == "reset":
            desk.reset(float(order["stall_at_s"]), float(order["stall_s"]))
            say({})
        else:
            say(desk.count.to_wire())


async def orders(loop: asyncio.AbstractEventLoop) -> AsyncIterator[dict[str, Any]]:
    """The JSON lines of stdin."""
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def say(word: dict[str, object]) -> None:
    """One JSON line on stdout."""
    sys.stdout.write(json.dumps(word) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())

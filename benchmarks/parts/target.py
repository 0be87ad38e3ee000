"""A fast HTTP server that counts: `python -m benchmarks.parts.target`, controlled by JSON lines on stdin.

`{"op": "reset", "stall_at_s": 8, "stall_s": 2}` starts a run, with a stall relative to its first request; with
`"service_s": 0.02` each answer takes so long.
`{"op": "count"}` returns a `Count`. The first line on stdout is `{"port": n}`. It ends when stdin is closed.
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
    """Counts of one run; `wrong` of the `requests` had an invalid body; times are monotonic seconds.

    `gaps_100us` is a histogram of the gaps between successive requests, in units of 0.1 ms.
    """

    requests: int = 0
    wrong: int = 0
    answered: int = 0
    first_s: float = 0.0
    last_s: float = 0.0
    gaps_100us: Counter[int] = field(default_factory=Counter)

    def to_wire(self) -> dict[str, object]:
        """Return the counts as JSON, with the 99th percentile of the gaps in ms instead of the histogram."""
        left = 0.99 * self.gaps_100us.total()
        for gap in sorted(self.gaps_100us):
            left -= self.gaps_100us[gap]
            if left <= 0:
                break
        gap_p99_ms = None if not self.gaps_100us else (gap + 1) / 10
        return {name: value for name, value in vars(self).items() if name != "gaps_100us"} | {"gap_p99_ms": gap_p99_ms}


@dataclass
class CountingServer:
    """State of all connections: the counts, and the answers that are delayed by the stall."""

    loop: asyncio.AbstractEventLoop
    count: Count = field(default_factory=Count)
    stall_at_s: float = 0.0
    stall_s: float = 0.0
    service_s: float = 0.0
    delayed: list[tuple[asyncio.Transport, bytes]] = field(default_factory=list)

    def reset(self, stall_at_s: float, stall_s: float, service_s: float) -> None:
        """Start a run."""
        self.count, self.delayed = Count(), []
        self.stall_at_s, self.stall_s, self.service_s = stall_at_s, stall_s, service_s

    def take(self, transport: asyncio.Transport, body: bytes) -> None:
        """Count a request and answer it, at once or at the end of the stall."""
        now_s = time.monotonic()  # the loop's own clock does not advance during a callback
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
            self.delayed.append((transport, answer))
        elif self.service_s:
            self.loop.call_later(self.service_s, self._send, transport, answer)
        else:
            self._send(transport, answer)

    def release(self, run: Count) -> None:
        """End the stall of a run, unless a later run has started."""
        if run is self.count:
            delayed, self.delayed = self.delayed, []
            for transport, answer in delayed:
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

    def __init__(self, counting: CountingServer) -> None:
        self._counting = counting
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for answers."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's does not inherit from asyncio's

    def data_received(self, data: bytes) -> None:
        """Parse received bytes; close the connection when they are not HTTP."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._transport.close()

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, data: bytes) -> None:
        self._body += data

    def on_message_complete(self) -> None:
        self._counting.take(self._transport, self._body)


async def main() -> None:
    """Serve until stdin is closed."""
    loop = asyncio.get_running_loop()
    counting = CountingServer(loop)
    server = await loop.create_server(lambda: Connection(counting), "127.0.0.1", 0, backlog=BACKLOG)
    send_line({"port": server.sockets[0].getsockname()[1]})
    async for request in requests(loop):
        if request["op"] == "reset":
            counting.reset(
                float(request["stall_at_s"]), float(request["stall_s"]), float(request.get("service_s", 0.0))
            )
            send_line({})
        else:
            send_line(counting.count.to_wire())


async def requests(loop: asyncio.AbstractEventLoop) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON lines of stdin."""
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield json.loads(line)


def send_line(message: dict[str, object]) -> None:
    """Write one JSON line to stdout."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(main())

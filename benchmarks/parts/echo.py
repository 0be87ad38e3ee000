"""A websocket server that echoes and counts: `python -m benchmarks.parts.echo`, controlled by JSON lines on stdin.

`{"op": "reset"}` starts a run, `{"op": "count"}` returns a `Count`. The first line on stdout is `{"port": n}`.
It ends when stdin is closed.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.parts.target import BACKLOG, requests, send_line

_quiet = logging.getLogger("benchmarks.echo")
_quiet.setLevel(logging.ERROR)  # clients that close without a handshake are expected


@dataclass
class Count:
    """Counts of one run: connections in all and open now, messages received, echoes sent."""

    connections: int = 0
    open: int = 0
    most_open: int = 0
    messages: int = 0
    echoes: int = 0


class EchoServer:
    """Echoes on all connections; a connection counts in the run in which it was opened."""

    def __init__(self) -> None:
        self.count = Count()

    async def echo(self, connection: ServerConnection) -> None:
        """Echo every message until the client disconnects."""
        count = self.count
        count.connections += 1
        count.open += 1
        count.most_open = max(count.most_open, count.open)
        try:
            with suppress(ConnectionClosed):
                while True:
                    message = await connection.recv()
                    count.messages += 1
                    await connection.send(message)
                    count.echoes += 1
        finally:
            count.open -= 1


async def main() -> None:
    """Serve until stdin is closed."""
    echo_server = EchoServer()
    async with serve(
        echo_server.echo, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=BACKLOG, logger=_quiet
    ) as server:
        send_line({"port": next(iter(server.sockets)).getsockname()[1]})
        async for request in requests(asyncio.get_running_loop()):
            if request["op"] == "reset":
                echo_server.count = Count()
                send_line({})
            else:
                send_line(asdict(echo_server.count))


if __name__ == "__main__":
    uvloop.run(main())

"""A websocket server that echoes and counts: `python -m benchmarks.parts.echo`, asked by JSON lines on its stdin.

`{"op": "reset"}` begins a run, `{"op": "count"}` is answered with a `Count`. The first line it prints is `{"port": n}`.
It ends with its stdin.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import asdict, dataclass

import uvloop
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from benchmarks.parts.target import BACKLOG, orders, say

_quiet = logging.getLogger("benchmarks.echo")
_quiet.setLevel(logging.ERROR)  # peers that leave without goodbye are no news


@dataclass
class Count:
    """One run as the server saw it: connections ever and now, messages that came, echoes that went out."""

    connections: int = 0
    open: int = 0
    most_open: int = 0
    messages: int = 0
    echoes: int = 0


class Desk:
    """Counts for all connections; a connection counts in the run in which it was opened."""

    def __init__(self) -> None:
        self.count = Count()

    async def echo(self, connection: ServerConnection) -> None:
        """Sends back whatever comes until the client leaves."""
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
    """Serves until stdin ends."""
    desk = Desk()
    async with serve(
        desk.echo, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=BACKLOG, logger=_quiet
    ) as server:
        say({"port": next(iter(server.sockets)).getsockname()[1]})
        async for order in orders(asyncio.get_running_loop()):
            if order["op"] == "reset":
                desk.count = Count()
                say({})
            else:
                say(asdict(desk.count))


if __name__ == "__main__":
    uvloop.run(main())

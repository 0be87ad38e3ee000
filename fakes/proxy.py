"""TCP proxy of one Service, for platforms without kube-proxy's forwarding in the kernel.

A new connection goes to a random ready endpoint, and to the next when that refuses. Without endpoints the proxy does
not listen, so connections are refused. An established connection survives the removal of its endpoint, as in a cluster.
Start it with `python -m fakes service-proxy`; set its endpoints with `PUT /endpoints` on its admin port.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.admin import bad_request, guarded, json_object
from fakes.log import Log
from fakes.process import run, stop_event
from fakes.service import BACKLOG, bind
from fakes.settings import Env, SettingError, identity
from fakes.web import HttpFront

NAME = "service-proxy"
CONNECT_S = 1.0
AT_ONCE = struct.pack("ii", 1, 0)
Endpoint = tuple[str, int]


class Side(asyncio.Protocol):
    """One end of a forwarded connection: writes what it receives to the `other` end, with back-pressure."""

    other: Side | None = None
    eof_seen = False
    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transport does not inherit from asyncio's

    def reset(self) -> None:
        """End the connection with a RST; closing would look like a normal end."""
        if not self.transport.is_closing():
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """Pass on the end of one direction; return False when both directions have ended."""
        self.eof_seen = True
        if self.other is None:
            return True
        if self.other.eof_seen:
            return False
        self.other.transport.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end, or reset it when this end was reset."""
        if self.other is not None:
            if exc is None:
                self.other.transport.close()
            else:
                self.other.reset()


class Client(Side):
    """The client's end. Its first bytes are buffered until it has an endpoint; then reading goes on."""

    def __init__(self, accepted: Callable[[Client], None]) -> None:
        self._accepted = accepted
        self._first = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._accepted(self)

    def data_received(self, data: bytes) -> None:
        if self.other is None:
            self._first += data
            self.transport.pause_reading()
        super().data_received(data)

    def join(self, endpoint: Side) -> None:
        """Forward to `endpoint` from now on."""
        self.other, endpoint.other = endpoint, self
        if self._first:
            endpoint.transport.write(self._first)
            self._first = b""
            self.transport.resume_reading()
        if self.eof_seen:
            endpoint.transport.write_eof()


class Proxy:
    """Forwards the connections to one address."""

    def __init__(self, ip: str, port: int) -> None:
        self._ip, self._port = ip, port
        self._endpoints: Sequence[Endpoint] = ()
        self._server: asyncio.Server | None = None
        self._changing = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def endpoints(self) -> list[str]:
        """The endpoints as `IP:PORT`."""
        return [f"{ip}:{port}" for ip, port in self._endpoints]

    async def forward_to(self, endpoints: Sequence[Endpoint]) -> None:
        """Replace the endpoints; listen exactly while there are any. Raises OSError when it cannot listen."""
        async with self._changing:
            self._endpoints = tuple(endpoints)
            if endpoints and self._server is None:
                loop = asyncio.get_running_loop()
                sock = bind(self._ip, self._port, shared=False)
                self._server = await loop.create_server(lambda: Client(self._accept), sock=sock, backlog=BACKLOG)
            elif not endpoints and self._server is not None:
                self._server.close()
                self._server = None

    def _accept(self, client: Client) -> None:
        self._go(self._connect(client))

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, client: Client) -> None:
        """Connect the client to a random endpoint; reset it when all refuse."""
        loop = asyncio.get_running_loop()
        for ip, port in random.sample(self._endpoints, len(self._endpoints)):
            try:
                async with asyncio.timeout(CONNECT_S):
                    _, server = await loop.create_connection(Side, ip, port)
            except (OSError, TimeoutError):
                continue
            if client.transport.is_closing():
                server.reset()
            else:
                client.join(server)
            return
        client.reset()


def application(token: str, proxy: Proxy, log: Log) -> Starlette:
    """Return the admin application: `GET` and `PUT /endpoints`, `{"endpoints": ["IP:PORT", …]}`, with the token."""

    async def show(_: Request) -> Response:
        return JSONResponse({"endpoints": proxy.endpoints})

    async def change(request: Request) -> Response:
        try:
            wanted = _endpoints((await json_object(request)).get("endpoints"))
        except ValueError as error:
            return bad_request(str(error))
        try:
            await proxy.forward_to(wanted)
        except OSError as error:
            return JSONResponse({"error": f"cannot listen: {error}"}, 409)
        log.info("endpoints changed", endpoints=proxy.endpoints)
        return JSONResponse({"endpoints": proxy.endpoints})

    return Starlette(
        routes=[
            Route("/endpoints", guarded(token, show), methods=["GET"]),
            Route("/endpoints", guarded(token, change), methods=["PUT"]),
        ]
    )


def _endpoints(value: object) -> list[Endpoint]:
    """Parse the list of endpoints. Raises ValueError with the reason."""
    wanted = 'the body must be {"endpoints": ["IP:PORT", …]}'
    if not isinstance(value, list):
        raise ValueError(wanted)
    found = []
    for each in value:
        ip, _, port = str(each).rpartition(":")
        if not ip or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(f"{each!r}: {wanted}")
        found.append((ip, int(port)))
    return found


async def _run(ip: str, port: int, admin_port: int, token: str, log: Log) -> None:
    stop = stop_event()
    front = HttpFront(application(token, Proxy(ip, port), log))
    listener = await front.listen(bind(ip, admin_port, shared=False))
    log.info("started: no endpoints yet", address=f"{ip}:{port}", admin_port=admin_port)
    await stop.wait()
    await listener.close()


def main(env: Env) -> int:
    """Run the proxy until SIGTERM; return the exit status of `fakes.process.run`."""

    def start(log: Log) -> Coroutine[Any, Any, None]:
        me = identity(NAME, env)
        if me.admin_port is None:
            raise SettingError("ADMIN_PORT is missing: the endpoints could not be set")
        return _run(me.ip, me.port, me.admin_port, me.admin_token, log)

    return run(Log(), start)

"""HTTP as all pods speak it: Starlette on uvicorn's httptools protocol, and a listener that can be closed by itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from fakes.service import BACKLOG, accepted

FIRST_WORD_S = 1.0
"""So long a client that has connected, and has asked for nothing yet, may still ask when its listener is closed."""
POLL_S = 0.02


@dataclass(frozen=True)
class Health:
    """Readiness: `reason` in words when it is not ready, and facts for whoever looks."""

    reason: str | None = None
    facts: dict[str, object] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return 503 if self.reason else 200

    def body(self) -> dict[str, object]:
        if self.reason:
            return {"status": "unavailable", "reason": self.reason, **self.facts}
        return {"status": "ok", **self.facts}


def application(routes: Sequence[BaseRoute], health: Callable[[], Health], registry: CollectorRegistry) -> Starlette:
    """The routes of a service with the three that every pod has."""

    async def ready(_: Request) -> Response:
        found = health()
        return JSONResponse(found.body(), found.status)

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_PLAIN_0_0_4})

    common = [Route("/health", ready), Route("/health/live", live), Route("/metrics", metrics)]
    return Starlette(routes=[*routes, *common])


class Connection(HttpToolsProtocol):
    """One client. uvicorn hangs up on whoever has not asked yet when it shuts down: a client that has just connected
    would be reset by the first words that it sends. Here it gets the answer to its first request, and no second one."""

    _leaving = False

    def shutdown(self) -> None:
        self._leaving = True
        if self.cycle is None:
            self.loop.call_later(FIRST_WORD_S, self._hang_up)
        else:
            super().shutdown()

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._leaving:
            self.cycle.keep_alive = False


class HttpFront:
    """One application on any number of listeners. uvicorn's own Server owns signals and wakes ten times a second for
    each listener: neither suits a pod with three of them."""

    def __init__(self, app: Starlette) -> None:
        self._config = Config(
            app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False,
        )  # fmt: skip
        self._config.load()

    async def listen(self, sock: socket.socket) -> HttpListener:
        """Serve on a bound socket."""
        state = ServerState()
        state.default_headers = self._config.encoded_headers
        loop = asyncio.get_running_loop()

        def protocol() -> Connection:
            return Connection(self._config, state, {}, loop)

        server = await loop.create_server(protocol, sock=sock, backlog=BACKLOG)
        return HttpListener(sock, server, protocol, state)


@dataclass(frozen=True)
class HttpListener:
    """See `fakes.service.Listener`."""

    sock: socket.socket
    server: asyncio.Server
    protocol: Callable[[], Connection]
    state: ServerState

    async def close(self) -> None:
        late = accepted(self.sock)
        self.server.close()
        for connection in late:
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, connection)
        for protocol in tuple(self.state.connections):
            protocol.shutdown()

    async def drained(self) -> None:
        while self.state.connections:
            await asyncio.sleep(POLL_S)

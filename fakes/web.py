"""HTTP server of the pods: Starlette on uvicorn's httptools protocol, with listeners that close independently."""

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

from fakes.service import BACKLOG, accept_pending

FIRST_REQUEST_S = 1.0
"""How long a client that has connected may still send its first request after its listener was closed."""
POLL_S = 0.02


@dataclass(frozen=True)
class Health:
    """Result of a readiness check: `reason` when not ready, and facts to show in its body."""

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
    """Return an application of `routes` plus /health, /health/live and /metrics."""

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
    """Connection of one client that answers its first request even during shutdown.

    uvicorn closes a connection without a request at shutdown, so a client that has just connected would be reset when
    it sends its first request. Here that request is answered, and the connection closed after it.
    """

    _closing = False

    def shutdown(self) -> None:
        self._closing = True
        if self.cycle is None:
            self.loop.call_later(FIRST_REQUEST_S, self._hang_up)
        else:
            super().shutdown()

    def _hang_up(self) -> None:
        if self.cycle is None:
            self.transport.close()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        if self._closing:
            self.cycle.keep_alive = False


class HttpFront:
    """Serves one application on any number of listeners.

    uvicorn's own Server handles signals and wakes ten times a second for each listener; a pod has three of them.
    """

    def __init__(self, app: Starlette) -> None:
        self._config = Config(
            app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False,
        )  # fmt: skip
        self._config.load()

    async def listen(self, sock: socket.socket) -> HttpListener:
        """Serve on a bound socket; return its listener."""
        state = ServerState()
        state.default_headers = self._config.encoded_headers
        loop = asyncio.get_running_loop()

        def protocol() -> Connection:
            return Connection(self._config, state, {}, loop)

        server = await loop.create_server(protocol, sock=sock, backlog=BACKLOG)
        return HttpListener(sock, server, protocol, state)


@dataclass(frozen=True)
class HttpListener:
    """One listener of an HttpFront; implements `fakes.service.Listener`."""

    sock: socket.socket
    server: asyncio.Server
    protocol: Callable[[], Connection]
    state: ServerState

    async def close(self) -> None:
        late = accept_pending(self.sock)
        self.server.close()
        for connection in late:
            await asyncio.get_running_loop().connect_accepted_socket(self.protocol, connection)
        for protocol in tuple(self.state.connections):
            protocol.shutdown()

    async def drained(self) -> None:
        while self.state.connections:
            await asyncio.sleep(POLL_S)

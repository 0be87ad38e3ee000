"""TCP proxy of one Service, for platforms without kube-proxy's forwarding in the kernel.

A new connection goes to a random ready endpoint, and to the next when that refuses. Without endpoints the proxy does
not listen, so connections are refused. An established connection survives the removal of its endpoint, as in a cluster.
Faults (docs/reference/contracts.md) slow down, change or end the connections, existing and new.
Start it with `python -m fakes service-proxy`; set its endpoints with `PUT /endpoints` on its admin port.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.admin import bad_request, fault_routes, guarded, json_object
from fakes.faults.bandwidth import Bandwidth
from fakes.faults.base import FaultBoard
from fakes.faults.blackhole import Blackhole
from fakes.faults.http_body import HttpBody
from fakes.faults.http_status import HttpStatus
from fakes.faults.latency import Latency
from fakes.faults.reset import Reset
from fakes.forwarding.effects import ActiveFaults, ProxyFault
from fakes.forwarding.link import Client, Link
from fakes.log import Log
from fakes.process import run, stop_event
from fakes.service import BACKLOG, bind
from fakes.settings import Env, SettingError, identity
from fakes.web import HttpFront

NAME = "service-proxy"
CONNECT_S = 1.0
EFFECTS = (Bandwidth, Blackhole, HttpBody, HttpStatus, Latency, Reset)
"""The faults that a proxy can have."""
Endpoint = tuple[str, int]


class Proxy:
    """Forwards the connections to one address, as far as the active faults let it."""

    def __init__(self, ip: str, port: int) -> None:
        self._ip, self._port = ip, port
        self.faults = ActiveFaults()
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
                self._server = await loop.create_server(self._client, sock=sock, backlog=BACKLOG)
            elif not endpoints and self._server is not None:
                self._server.close()
                self._server = None

    def _client(self) -> Client:
        return Link(self.faults, lambda link: self._go(self._connect(link))).client

    def _go(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, link: Link) -> None:
        """Connect the client to a random endpoint; reset it when all refuse."""
        loop = asyncio.get_running_loop()
        for ip, port in random.sample(self._endpoints, len(self._endpoints)):
            try:
                async with asyncio.timeout(CONNECT_S):
                    await loop.create_connection(lambda: link.service, ip, port)
            except (OSError, TimeoutError):
                continue
            if link.ended:
                link.service.reset()
            else:
                link.join()
            return
        link.reset()


def application(token: str, proxy: Proxy, log: Log) -> Starlette:
    """Return the admin application: `GET` and `PUT /endpoints`, `{"endpoints": ["IP:PORT", …]}`, and the faults."""
    board = FaultBoard(ProxyFault(effect, proxy.faults) for effect in EFFECTS)

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
            *fault_routes(token, board),
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

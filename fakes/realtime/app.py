"""The `realtime` service: WebSocket endpoint, health and metrics pages, log lines."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.http11 import Request, Response

from fakes import tenants
from fakes.faults.base import Fault
from fakes.faults.slot_loss import SlotLoss
from fakes.realtime.admission import Admission
from fakes.realtime.hub import SEGMENTS, Hub, Limits, Member
from fakes.realtime.metrics import Figures
from fakes.realtime.tally import Tally
from fakes.service import BACKLOG, Context, Listener
from fakes.settings import number, whole
from fakes.tracing import SERVER
from fakes.web import Health

ADMISSION_WAIT_S = 2.0
JSON = "application/json"


def build(context: Context) -> Realtime:
    """Return the service. Raises SettingError when a variable is wrong."""
    return Realtime(context)


class Connection(ServerConnection):
    """WebSocket connection that releases its place when it is lost, for any reason."""

    admission: Admission | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.admission is not None:
            self.admission.release()


class Realtime:
    """The realtime service; implements `fakes.service.Service`."""

    def __init__(self, context: Context) -> None:
        env = context.env
        self._log = context.log
        self._tenants = tenants.load(context.me.app_dir)
        self._admission = Admission(whole(env, "MAX_WEBSOCKET_CONNECTIONS", 1000, 0, 1_000_000))
        self._idle_s = number(env, "WEBSOCKET_TIMEOUT_MS", 30_000, 1, 86_400_000) / 1000
        self._step_s = number(env, "MESSAGE_INTERVAL_MS", 2000, 50, 3_600_000) / 1000 / SEGMENTS
        limits = Limits(
            sender_slots=whole(env, "SENDER_SLOTS", 32, 1, 100_000),
            send_queue=whole(env, "SEND_QUEUE", 10, 1, 100_000),
            backpressure_threshold=number(env, "BACKPRESSURE_THRESHOLD", 0.8, 0.0, 1.0),
            ack_deadline_s=number(env, "ACK_DEADLINE_MS", 2000, 1, 600_000) / 1000,
        )
        self._hub = Hub(limits, self._dropped)
        self.faults: Sequence[Fault] = (SlotLoss(self._hub, "sender-loss"),)
        self._tally, self._tracer = Tally(context.log), context.tracer
        self._connections: dict[Member, ServerConnection] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._figures = Figures(self._hub, self._admission)
        self._registry = CollectorRegistry()
        self._registry.register(self._figures)

    async def start(self) -> None:
        self._loops = [asyncio.create_task(self._step_periodically()), asyncio.create_task(self._maintain())]

    async def listen(self, sock: socket.socket) -> Listener:
        server = await serve(
            self._serve, sock=sock, process_request=self._admit, create_connection=Connection, compression=None,
            ping_interval=None, close_timeout=2, max_size=4096, backlog=BACKLOG, server_header=None,
        )  # fmt: skip
        return WebsocketListener(sock, server)

    async def leave(self) -> None:
        """Close all connections with code 1001 (going away), so that clients reconnect elsewhere."""
        closes = (
            connection.close(CloseCode.GOING_AWAY, "the pod is stopping") for connection in self._connections.values()
        )
        await asyncio.gather(*closes)

    async def stop(self) -> None:
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Return None to accept the handshake, otherwise the response that ends it."""
        url = urlsplit(request.path)
        if url.path != "/ws":
            return self._page(connection, url.path)
        if parse_qs(url.query).get("tenant", [""])[0] not in self._tenants:
            return _answer(connection, 403, JSON, '{"error": "unknown tenant, or no ?tenant=NAME"}')
        if not await self._admission.take(ADMISSION_WAIT_S):
            self._figures.connection_timeouts += 1
            facts = f"active connections {len(self._connections)} of {self._admission.limit}"
            self._tally.note(
                "connection timeout: {} found no place", f"waited {ADMISSION_WAIT_S * 1000:.0f} ms, {facts}"
            )
            return _answer(connection, 503, JSON, '{"error": "connection timeout: no place became free"}')
        assert isinstance(connection, Connection)
        if connection.connection_lost_waiter.done():
            self._admission.release()  # the client left while it waited
        else:
            connection.admission = self._admission
        return None

    def _page(self, connection: ServerConnection, path: str) -> Response:
        if path == "/metrics":
            return _answer(connection, 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._registry).decode())
        if path == "/health/live":
            return _answer(connection, 200, JSON, json.dumps(Health().body()))
        if path == "/health":
            health = Health(facts={"connections": len(self._connections), "limit": self._admission.limit})
            return _answer(connection, health.status, JSON, json.dumps(health.body()))
        return _answer(connection, 404, JSON, '{"error": "not found"}')

    async def _serve(self, connection: ServerConnection) -> None:
        """Serve one connection from the handshake to its end."""

        def send(text: str) -> None:
            broadcast((connection,), text)  # does not wait: one message at a time is in flight, the slots are the limit

        member = self._hub.join(f"{connection.remote_address}", send)
        self._connections[member] = connection
        try:
            with self._tracer.span("websocket session", SERVER) as span:
                await self._hear(connection, member)
                span.note("messages.sent", member.seq)
        finally:
            del self._connections[member]
            self._hub.leave(member)

    async def _hear(self, connection: ServerConnection, member: Member) -> None:
        """Take the acknowledgements of a connection until its end."""
        try:
            async for text in connection:
                self._hub.acknowledge(member, _acknowledged(text))
        except ConnectionClosed:
            pass  # an abnormal closure counts like a normal one
        except ValueError as error:
            await connection.close(CloseCode.INVALID_DATA, str(error))

    def _dropped(self, member: Member) -> None:
        self._tally.note("backpressure: dropped {} messages in the last second", f"{member.name} seq {member.seq}")

    async def _step_periodically(self) -> None:
        """Step the hub at fixed times; missed steps are made up for."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._step_s
            await asyncio.sleep(due - loop.time())
            self._hub.step()

    async def _maintain(self) -> None:
        """Close idle connections and write the log, once a second."""
        while True:
            await asyncio.sleep(1.0)
            for member in self._hub.silent(self._idle_s):
                self._close_silent(member)
            self._log.info(f"active connections: {len(self._connections)} of {self._admission.limit}")
            self._tally.flush()

    def _close_silent(self, member: Member) -> None:
        member.heard_at = float("inf")  # so that it is closed once
        self._figures.idle_timeouts += 1
        limit = f"{self._idle_s * 1000:.0f} ms"
        self._tally.note("idle timeout: closed {} connections, nothing heard for " + limit, member.name)
        task = asyncio.create_task(self._connections[member].close(CloseCode.POLICY_VIOLATION, "idle timeout"))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class WebsocketListener:
    """Implements `fakes.service.Listener`; established WebSockets survive its closing, as in a cluster."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._sock, self._server = sock, server

    async def close(self) -> None:
        self._server.close(close_connections=False)
        while self._server.is_serving():  # websockets closes it in a background task
            await asyncio.sleep(0)

    async def drained(self) -> None:
        await self._server.wait_closed()


def _answer(connection: ServerConnection, status: int, kind: str, body: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = kind
    return response


def _acknowledged(text: str | bytes) -> int:
    """Return the number in `{"type": "ack", "seq": n}`. Raises ValueError."""
    ack = json.loads(text)
    if not isinstance(ack, dict) or ack.get("type") != "ack" or not isinstance(ack.get("seq"), int):
        raise ValueError('only {"type": "ack", "seq": n} is understood')
    return int(ack["seq"])

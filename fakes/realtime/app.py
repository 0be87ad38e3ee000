"""`realtime` as a service: the websocket endpoint, the three paths that every pod has, and the lines of its log."""

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
from fakes.realtime.hub import SEGMENTS, Hub, Limits, Member
from fakes.realtime.metrics import Figures
from fakes.realtime.places import Places
from fakes.realtime.tally import Tally
from fakes.service import BACKLOG, Listener, Place
from fakes.settings import number, whole
from fakes.web import Health

PLACE_WAIT_S = 2.0
JSON = "application/json"


def build(place: Place) -> Realtime:
    """Raises SettingError."""
    return Realtime(place)


class Guest(ServerConnection):
    """A connection that gives its place back when it is gone, however it went."""

    places: Places | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.places is not None:
            self.places.give_back()


class Realtime:
    """See `fakes.service.Service`."""

    def __init__(self, place: Place) -> None:
        env = place.env
        self._log = place.log
        self._tenants = tenants.load(place.me.app_dir)
        self._places = Places(whole(env, "MAX_WEBSOCKET_CONNECTIONS", 1000, 0, 1_000_000))
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
        self._tally = Tally(place.log)
        self._guests: dict[Member, ServerConnection] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._figures = Figures(self._hub, self._places)
        self._registry = CollectorRegistry()
        self._registry.register(self._figures)

    async def start(self) -> None:
        self._clocks = [asyncio.create_task(self._turn_the_ring()), asyncio.create_task(self._look_after())]

    async def listen(self, sock: socket.socket) -> Listener:
        server = await serve(
            self._serve, sock=sock, process_request=self._admit, create_connection=Guest, compression=None,
            ping_interval=None, close_timeout=2, max_size=4096, backlog=BACKLOG, server_header=None,
        )  # fmt: skip
        return WebsocketListener(sock, server)

    async def leave(self) -> None:
        """Everybody is told to go away and come back elsewhere."""
        goodbyes = (guest.close(CloseCode.GOING_AWAY, "the pod is stopping") for guest in self._guests.values())
        await asyncio.gather(*goodbyes)

    async def stop(self) -> None:
        for clock in self._clocks:
            clock.cancel()
        await asyncio.gather(*self._clocks, return_exceptions=True)

    async def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """None lets the handshake go on."""
        url = urlsplit(request.path)
        if url.path != "/ws":
            return self._page(connection, url.path)
        if parse_qs(url.query).get("tenant", [""])[0] not in self._tenants:
            return _answer(connection, 403, JSON, '{"error": "unknown tenant, or no ?tenant=NAME"}')
        if not await self._places.take(PLACE_WAIT_S):
            self._figures.connection_timeouts += 1
            facts = f"active connections {len(self._guests)} of {self._places.limit}"
            self._tally.note("connection timeout: {} found no place", f"waited {PLACE_WAIT_S * 1000:.0f} ms, {facts}")
            return _answer(connection, 503, JSON, '{"error": "connection timeout: no place became free"}')
        assert isinstance(connection, Guest)
        if connection.connection_lost_waiter.done():
            self._places.give_back()  # it went away while it waited
        else:
            connection.places = self._places
        return None

    def _page(self, connection: ServerConnection, path: str) -> Response:
        if path == "/metrics":
            return _answer(connection, 200, CONTENT_TYPE_PLAIN_0_0_4, generate_latest(self._registry).decode())
        if path == "/health/live":
            return _answer(connection, 200, JSON, json.dumps(Health().body()))
        if path == "/health":
            health = Health(facts={"connections": len(self._guests), "limit": self._places.limit})
            return _answer(connection, health.status, JSON, json.dumps(health.body()))
        return _answer(connection, 404, JSON, '{"error": "not found"}')

    async def _serve(self, connection: ServerConnection) -> None:
        """One connection, from the handshake to its end."""

        def send(text: str) -> None:
            broadcast((connection,), text)  # does not wait: one message at a time is in flight, the slots are the limit

        member = self._hub.join(f"{connection.remote_address}", send)
        self._guests[member] = connection
        try:
            async for text in connection:
                self._hub.heard(member, _acknowledged(text))
        except ConnectionClosed:
            pass  # without a goodbye: the same as with one
        except ValueError as error:
            await connection.close(CloseCode.INVALID_DATA, str(error))
        finally:
            del self._guests[member]
            self._hub.leave(member)

    def _dropped(self, member: Member) -> None:
        self._tally.note("backpressure: dropped {} messages in the last second", f"{member.name} seq {member.seq}")

    async def _turn_the_ring(self) -> None:
        """One step after the other on a fixed beat; a beat that was missed is made up for."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += self._step_s
            await asyncio.sleep(due - loop.time())
            self._hub.step()

    async def _look_after(self) -> None:
        """Once a second: silent connections, and the log."""
        while True:
            await asyncio.sleep(1.0)
            for member in self._hub.silent(self._idle_s):
                self._close_silent(member)
            self._log.info(f"active connections: {len(self._guests)} of {self._places.limit}")
            self._tally.tell()

    def _close_silent(self, member: Member) -> None:
        member.heard_at = float("inf")  # once is enough
        self._figures.idle_timeouts += 1
        limit = f"{self._idle_s * 1000:.0f} ms"
        self._tally.note("idle timeout: closed {} connections, nothing heard for " + limit, member.name)
        task = asyncio.create_task(self._guests[member].close(CloseCode.POLICY_VIOLATION, "idle timeout"))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class WebsocketListener:
    """See `fakes.service.Listener`. Its websockets outlive it, as established connections do in a cluster."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self._sock, self._server = sock, server

    async def close(self) -> None:
        self._server.close(close_connections=False)
        while self._server.is_serving():  # it closes in a task of its own
            await asyncio.sleep(0)

    async def drained(self) -> None:
        await self._server.wait_closed()


def _answer(connection: ServerConnection, status: int, kind: str, body: str) -> Response:
    response = connection.respond(status, body)
    del response.headers["Content-Type"]
    response.headers["Content-Type"] = kind
    return response


def _acknowledged(text: str | bytes) -> int:
    """The number in `{"type": "ack", "seq": n}`; raises ValueError."""
    ack = json.loads(text)
    if not isinstance(ack, dict) or ack.get("type") != "ack" or not isinstance(ack.get("seq"), int):
        raise ValueError('only {"type": "ack", "seq": n} is understood')
    return int(ack["seq"])

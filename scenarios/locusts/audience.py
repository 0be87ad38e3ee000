"""Clients that each hold a websocket: how many there are to be, and what one of them does all day."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import gevent

from . import clock
from .http import Address, TransportError
from .ledger import Ledger, Ticket
from .websocket import WebSocket

RAMP_PER_S = 300.0
TICK_S = 0.02
LIFE_MEAN_S = 7.0
CROWD_LIFE_MEAN_S = 30.0
BACKOFF_S = (0.5, 1.5)
HANDSHAKE_LIMIT_S = 10.0
MS = 1e3

Told = Callable[[str, float, int, str | None], None]
"""Takes what happened (connect, message), latency in ms, bytes, and the kind of bad or None."""


@dataclass(frozen=True)
class Wish:
    """So many clients of one group, of which `slow_share` take `ack_delay_s` to acknowledge a message.

    A connection's life is exponential: a kept one never sees a new replica, and each new one samples the service.
    """

    clients: int
    slow_share: float = 0.0
    ack_delay_s: float = 0.0
    life_mean_s: float = LIFE_MEAN_S

    def ack_delay_of(self, number: int) -> float:
        """The delay of the client with this number; slow ones are spread evenly."""
        slow = int((number + 1) * self.slow_share) > int(number * self.slow_share)
        return self.ack_delay_s if slow else 0.0


@dataclass
class World:
    """What all clients share; `path` is drawn for each new connection."""

    ledger: Ledger
    rng: Random
    address: Address
    path: Callable[[], str]
    tell: Told
    broken: Callable[[gevent.Greenlet], None]


class Client:
    """One client: connects, acknowledges messages for a lifetime, connects again; after a refusal it waits a little."""

    def __init__(self, world: World, ack_delay_s: float, life_mean_s: float, due_s: float) -> None:
        self._world = world
        self._ack_delay_s, self._life_mean_s = ack_delay_s, life_mean_s
        self._connecting = self._leaving = False
        self.greenlet = gevent.spawn(self._run, due_s)
        self.greenlet.link_exception(world.broken)

    def leave(self) -> None:
        """Goes away at once; only a handshake under way is ended first, because its outcome is the server's to give."""
        self._leaving = True
        if not self._connecting:
            self.greenlet.kill(block=False)

    def _run(self, due_s: float) -> None:
        while True:
            gevent.sleep(max(0.0, due_s - clock.now()))
            if self._leaving:  # the kill may come a moment later, and must not meet a handshake
                return
            socket = WebSocket(self._world.address, self._world.path())
            try:
                self._connect(socket, due_s)
                self._hold(socket)
                due_s = clock.now()
            except TransportError:  # counted where it was refused; one that is lost later just comes back
                due_s = clock.now() + self._world.rng.uniform(*BACKOFF_S)
            finally:
                socket.close()

    def _connect(self, socket: WebSocket, due_s: float) -> None:
        ledger = self._world.ledger
        tickets = ledger.due(("connects",), due_s)
        ledger.started(tickets, clock.now())
        self._connecting = True
        try:
            socket.open(HANDSHAKE_LIMIT_S)
        except TransportError as error:
            self._connected(tickets[0], error.kind)
            raise
        self._connected(tickets[0], None)

    def _connected(self, ticket: Ticket, bad: str | None) -> None:
        self._connecting = False
        now_s = clock.now()
        self._world.ledger.settle(ticket, now_s, bad)
        self._world.tell("connect", (now_s - ticket.due_s) * MS, 0, bad)

    def _hold(self, socket: WebSocket) -> None:
        last_seq = 0
        life_s = self._world.rng.expovariate(1 / self._life_mean_s)
        with gevent.Timeout(life_s, False):  # one timer a life, not one a read
            while not self._leaving:
                for text in socket.receive():
                    last_seq = self._take(text, last_seq)
                    if self._ack_delay_s:
                        gevent.sleep(self._ack_delay_s)
                    socket.send(f'{{"type": "ack", "seq": {last_seq}}}')

    def _take(self, text: str, last_seq: int) -> int:
        now_s = clock.epoch_s(clock.now())
        try:
            message = json.loads(text)
            seq, sent_s = int(message["seq"]), float(message["sent_ms"]) / MS
        except (ValueError, TypeError, KeyError) as error:
            self._world.ledger.lost("messages", now_s, 1, "error")
            raise TransportError("error", f"not a message of the protocol: {text[:80]!r}") from error
        latency_s = max(0.0, now_s - sent_s)
        self._world.ledger.received("messages", sent_s, latency_s)
        if seq > last_seq + 1:
            self._world.ledger.lost("messages", sent_s, seq - last_seq - 1, "dropped")
        self._world.tell("message", latency_s * MS, len(text), None)
        return seq


@dataclass
class Audience:
    """Keeps each group of clients at its wished size; new ones come at no more than `RAMP_PER_S`."""

    world: World
    _groups: dict[str, list[Client]] = field(default_factory=dict)
    _next_s: float = 0.0

    def drive(self, wishes: Callable[[], dict[str, Wish]]) -> None:
        """Runs until it is killed; then everybody leaves."""
        try:
            while True:
                self._fit(wishes())
                gevent.sleep(TICK_S)
        finally:
            gevent.killall([client.greenlet for group in self._groups.values() for client in group])

    def _fit(self, wishes: dict[str, Wish]) -> None:
        for name in self._groups.keys() - wishes.keys():
            _send_away(self._groups.pop(name))
        for name, wish in wishes.items():
            group = self._groups.setdefault(name, [])
            _send_away(group[wish.clients :])
            del group[wish.clients :]
            while len(group) < wish.clients and self._may_come():
                group.append(Client(self.world, wish.ack_delay_of(len(group)), wish.life_mean_s, self._next_s))

    def _may_come(self) -> bool:
        """Whether the next client of the ramp is due; its due time is then `_next_s`."""
        now_s = clock.now()
        if self._next_s + 1 / RAMP_PER_S > now_s:
            return False
        self._next_s = max(self._next_s + 1 / RAMP_PER_S, now_s - TICK_S)
        return True


def _send_away(clients: list[Client]) -> None:
    for client in clients:
        client.leave()

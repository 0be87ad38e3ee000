"""Clients that hold websockets, on callbacks: no task or greenlet for a connection that is only held."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from scenarios.generator import clock
from scenarios.generator.declare import UnknownMessage, WebSocketScenario
from scenarios.generator.exchange import Address, address_of
from scenarios.generator.ledger import UNFINISHED, Ledger, Ticket
from scenarios.generator.plan import Plan
from scenarios.generator.report import Report
from scenarios.generator.schedule import seeded
from scenarios.generator.statistics import Key

from .audience import BACKOFF_S, CONNECT_ROW, MESSAGE_ROW, TICK_S, Audience, Wish, wishes
from .engine import Cancel, Engine, StatisticsSink, tls_context
from .socket import Socket


class WebSocketDriver:
    """One run, from the first plan to `stop`. Raises ValueError for a host that cannot be used."""

    def __init__(
        self,
        engine: Engine,
        scenario: WebSocketScenario,
        report: Report,
        statistics: StatisticsSink,
        host: str,
        index: int,
    ) -> None:
        address = address_of(host, scenario.schemes)
        rng = seeded(f"clients {index}", report.settings.seed)
        self._world = World(engine, scenario, report.ledger, statistics, address, rng)
        self._index = index
        self._audience = Audience(scenario.connect_per_s, self._come)
        self._plans: deque[Plan] = deque()
        self._timer: Cancel | None = None

    def follow(self, plan: Plan) -> None:
        """Start, or continue with another plan."""
        self._plans.append(plan)
        if self._timer is None:
            self._tick()

    def aim(self, host: str) -> None:
        """Open new connections to another host; open ones are not affected."""
        self._world.aim(address_of(host, self._world.scenario.schemes))

    def drain(self) -> None:
        """Open no further connections; close each once its handshake and echoes have ended."""
        if self._timer:
            self._timer.cancel()
        for client in self._world.clients.copy():
            client.leave()

    def busy(self) -> bool:
        """Return whether a client that is to leave is still connected."""
        return bool(self._world.clients)

    def stop(self) -> None:
        """Close all connections; outstanding handshakes and echoes count as unfinished."""
        if self._timer:
            self._timer.cancel()
        for client in self._world.clients.copy():
            client.end()

    def _tick(self) -> None:
        """Add clients at the scenario's pace, shared by all workers."""
        self._timer = self._world.engine.call_later(TICK_S, self._tick)
        while len(self._plans) > 1 and clock.instant(self._plans[1].from_epoch_s) <= clock.now():
            self._plans.popleft()
        plan = self._plans[0]
        if clock.instant(plan.from_epoch_s) <= clock.now():
            self._audience.connect_per_s = self._world.scenario.connect_per_s / max(1, len(plan.places))
            self._audience.fit(wishes(self._world.scenario, plan, self._index))

    def _come(self, wish: Wish, number: int, due_s: float) -> Client:
        return Client(self._world, wish.ack_delay_of(number), wish.hold_mean_s, due_s)


@dataclass
class World:
    """State shared by all clients; `clients` are the present ones, in any state."""

    engine: Engine
    scenario: WebSocketScenario
    ledger: Ledger
    statistics: StatisticsSink
    address: Address
    rng: Random

    def __post_init__(self) -> None:
        self.clients: set[Client] = set()
        self.aim(self.address)

    def aim(self, address: Address) -> None:
        """The address of new connections."""
        self.address, self.tls = address, tls_context() if address.tls else None

    def due(self, series: str, due_s: float) -> Ticket:
        """Count a handshake or a message that starts now."""
        tickets, now_s = self.ledger.due((series,), due_s), clock.now()
        if self.ledger.started(tickets, now_s):
            self.statistics.late(now_s - due_s)
        return tickets[0]

    def settle(self, key: Key, ticket: Ticket, length: int, bad: str | None) -> None:
        """Settle it with its outcome."""
        now_s = clock.now()
        self.ledger.settle(ticket, now_s, bad)
        self.statistics.log(key, now_s - ticket.due_s, length, (bad,) if bad else ())


class Client:
    """One client: connects, talks for a lifetime, connects again; after a refusal or a loss it waits a little."""

    __slots__ = ("_ack_delay_s", "_asked", "_connecting", "_hold_mean_s", "_leaving", "_over", "_socket", "_state",
                 "_ticket", "_timers", "_world")  # fmt: skip

    def __init__(self, world: World, ack_delay_s: float, hold_mean_s: float, due_s: float) -> None:
        self._world, self._ack_delay_s, self._hold_mean_s = world, ack_delay_s, hold_mean_s
        self._leaving = self._over = False
        self._ticket: Ticket | None = None  # of a handshake under way
        self._asked: deque[Ticket] = deque()  # messages whose echo has not come
        self._state: dict[str, int] = {}
        self._socket: Socket | None = None
        self._connecting: Cancel | None = None
        self._timers: dict[str, Cancel] = {}
        world.clients.add(self)
        self._connect_at(due_s)

    def leave(self) -> None:
        """Leave once the outstanding handshake and echoes have ended."""
        self._leaving = self._over = True
        if self._ticket is None and not self._asked:
            self.end()

    def end(self) -> None:
        """Leave at once; what is outstanding counts as unfinished."""
        self._let_go(UNFINISHED)
        self._world.clients.discard(self)

    # -- connecting

    def _connect_at(self, due_s: float) -> None:
        self._after("connect", due_s - clock.now(), self._connect, due_s)

    def _connect(self, due_s: float) -> None:
        world = self._world
        self._over, self._state = False, {}
        self._ticket = world.due("connects", due_s)
        self._after("limit", world.scenario.connect_limit_s, self.lost, "timeout")
        self._socket = Socket(self, world.address, world.scenario.path(world.rng))
        self._connecting = world.engine.connect(self._socket, world.address, world.tls, self.lost)

    def shaking(self) -> None:
        """The request to upgrade is on its way."""
        if self._ticket:
            self._ticket.went = True

    def opened(self) -> None:
        """The server agreed."""
        world, every_s = self._world, self._world.scenario.message_every_s
        self._timers.pop("limit").cancel()
        self._connected(None)
        if self._leaving:
            self.end()
            return
        if self._hold_mean_s < math.inf:
            self._after("life", world.rng.expovariate(1 / self._hold_mean_s), self._life_over)
        if every_s:
            first_s = world.rng.random() * every_s
            self._after("speech", first_s, self._speak, clock.now() + first_s, 1)

    def lost(self, kind: str) -> None:
        """The connection was lost or refused: connect again after a pause, unless the client is to leave."""
        self._let_go(kind)
        if self._leaving:
            self._world.clients.discard(self)
        else:
            self._connect_at(clock.now() + self._world.rng.uniform(*BACKOFF_S))

    def _connected(self, bad: str | None) -> None:
        if self._ticket is not None:
            self._world.settle(CONNECT_ROW, self._ticket, 0, bad)
        self._ticket = None

    def _let_go(self, kind: str) -> None:
        """Ends the connection, and settles as `kind` what was outstanding on it."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._connecting:
            self._connecting.cancel()
        if self._socket:
            self._socket.close()
        self._connecting = self._socket = None
        self._connected(kind)
        while self._asked:
            self._world.settle(MESSAGE_ROW, self._asked.popleft(), 0, kind)

    def _life_over(self) -> None:
        """Connects again at once, or leaves; an echo that is outstanding is awaited first."""
        self._over = True
        if self._asked:
            return
        if self._leaving:
            self.end()
        else:
            self._let_go("reset")
            self._connect_at(clock.now())

    # -- talking

    def told(self, text: str) -> None:
        """A message of the server."""
        world, now_s = self._world, clock.now()
        if self._asked:
            world.settle(MESSAGE_ROW, self._asked.popleft(), len(text), None)
        try:
            heard = world.scenario.read(text, self._state)
        except UnknownMessage:
            world.ledger.lost("messages", clock.epoch_s(now_s), 1, "error")
            world.statistics.log(MESSAGE_ROW, 0.0, len(text), ("error",))
            self.lost("error")
            return
        if heard is not None:
            latency_s = max(0.0, clock.epoch_s(now_s) - heard.sent_epoch_s)
            world.ledger.received("messages", heard.sent_epoch_s, latency_s)
            world.statistics.log(MESSAGE_ROW, latency_s, len(text), ())
            if heard.dropped:
                world.ledger.lost("messages", heard.sent_epoch_s, heard.dropped, "dropped")
            if heard.reply is not None:
                self._reply(heard.reply)
        if self._over:
            self._life_over()

    def _reply(self, text: str) -> None:
        if self._ack_delay_s:
            self._after("ack", self._ack_delay_s, self._say, text)
        else:
            self._say(text)

    def _say(self, text: str) -> None:
        if self._socket:
            self._socket.send(text)

    def _speak(self, due_s: float, number: int) -> None:
        """The next message, whether or not the last one was echoed."""
        scenario = self._world.scenario
        next_s = due_s + (scenario.message_every_s or math.inf)
        self._after("speech", next_s - clock.now(), self._speak, next_s, number + 1)
        if self._asked and clock.now() - self._asked[0].due_s > scenario.connect_limit_s:
            self.lost("timeout")
        elif not self._over and self._socket:
            ticket = self._world.due("messages", due_s)
            self._asked.append(ticket)
            ticket.went = True
            self._socket.send(scenario.message(number))

    def _after(self, name: str, delay_s: float, call: Callable[..., None], *words: object) -> None:
        """One timer for each purpose; a new one takes the place of the old."""
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._world.engine.call_later(max(0.0, delay_s), call, *words)

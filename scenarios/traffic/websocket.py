"""Websocket clients on callbacks: an idle connection needs neither a task nor a greenlet."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable

from scenarios.generator import clock
from scenarios.generator.declare import Message, UnknownMessage, WebSocketScenario
from scenarios.generator.exchange import address_of
from scenarios.generator.ledger import UNFINISHED, Ticket
from scenarios.generator.own_code import SCENARIO_ERROR
from scenarios.generator.plan import Plan
from scenarios.generator.report import Report
from scenarios.generator.schedule import seeded

from .client_groups import BACKOFF_S, CONNECT_ROW, MESSAGE_ROW, TICK_S, ClientGroups, GroupTarget, targets_of
from .engine import Cancel, Engine, StatisticsSink
from .shared import Shared
from .socket import Socket


class WebSocketDriver:
    """Driver of one run, from the first plan to `stop`. Raises ValueError for an unusable host."""

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
        self._shared = Shared(engine, scenario, report, statistics, address, rng)
        self._index = index
        self._groups = ClientGroups(scenario.connect_per_s, self._add_client)
        self._plans: deque[Plan] = deque()
        self._timer: Cancel | None = None

    def follow(self, plan: Plan) -> None:
        """Start, or continue with another plan."""
        self._plans.append(plan)
        if self._timer is None:
            self._tick()

    def aim(self, host: str) -> None:
        """Open new connections to another host; open ones are not affected."""
        self._shared.aim(address_of(host, self._shared.scenario.schemes))

    def drain(self) -> None:
        """Open no further connections; close each once its handshake and echoes have ended."""
        if self._timer:
            self._timer.cancel()
        for client in self._shared.clients.copy():
            client.leave()

    def busy(self) -> bool:
        """Return whether a client that is to leave is still connected."""
        return bool(self._shared.clients)

    def stop(self) -> None:
        """Close all connections; outstanding handshakes and echoes count as unfinished."""
        if self._timer:
            self._timer.cancel()
        for client in self._shared.clients.copy():
            client.end()

    def _tick(self) -> None:
        """Add clients at the scenario's pace, shared by all workers."""
        self._timer = self._shared.engine.call_later(TICK_S, self._tick)
        while len(self._plans) > 1 and clock.instant(self._plans[1].from_epoch_s) <= clock.now():
            self._plans.popleft()
        plan = self._plans[0]
        if clock.instant(plan.from_epoch_s) <= clock.now():
            self._groups.connect_per_s = self._shared.scenario.connect_per_s / max(1, len(plan.places))
            self._groups.fit(targets_of(self._shared.scenario, plan, self._index))

    def _add_client(self, target: GroupTarget, number: int, due_s: float) -> Client:
        return Client(self._shared, target.ack_delay_of(number), target.hold_mean_s, due_s)


class Client:
    """One client: connects, stays for a lifetime, connects again; after a refusal or a loss it pauses first."""

    __slots__ = ("_ack_delay_s", "_awaiting_echo", "_connecting", "_hold_mean_s", "_leaving", "_over", "_shared",
                 "_socket", "_state", "_ticket", "_timers")  # fmt: skip

    def __init__(self, shared: Shared, ack_delay_s: float, hold_mean_s: float, due_s: float) -> None:
        self._shared, self._ack_delay_s, self._hold_mean_s = shared, ack_delay_s, hold_mean_s
        self._leaving = self._over = False
        self._ticket: Ticket | None = None  # of a handshake under way
        self._awaiting_echo: deque[Ticket] = deque()  # messages whose echo is outstanding
        self._state: dict[str, int] = {}
        self._socket: Socket | None = None
        self._connecting: Cancel | None = None
        self._timers: dict[str, Cancel] = {}
        shared.clients.add(self)
        self._connect_at(due_s)

    def leave(self) -> None:
        """Leave once the outstanding handshake and echoes have ended."""
        self._leaving = self._over = True
        if self._ticket is None and not self._awaiting_echo:
            self.end()

    def end(self) -> None:
        """Disconnect at once; an outstanding handshake and outstanding echoes count as unfinished."""
        self._disconnect(UNFINISHED)
        self._shared.clients.discard(self)

    # -- connecting

    def _connect_at(self, due_s: float) -> None:
        self._after("connect", due_s - clock.now(), self._connect, due_s)

    def _connect(self, due_s: float) -> None:
        shared = self._shared
        self._over, self._state = False, {}
        self._ticket = shared.due("connects", due_s)
        self._after("limit", shared.scenario.connect_limit_s, self.lost, "timeout")
        try:
            path, limit_bytes = shared.scenario.path(shared.rng), shared.scenario.max_message_bytes
            self._socket = Socket(self, shared.address, path, limit_bytes)
        except Exception as error:  # of the scenario's own code
            number = self._ticket.number
            self.lost(SCENARIO_ERROR)
            shared.report.scenario_failed(error, f"arrival {number}, a connection")
            return
        self._connecting = shared.engine.connect(self._socket, shared.address, shared.tls, self.lost)

    def upgrade_sent(self) -> None:
        """Note that the request to upgrade was sent."""
        if self._ticket:
            self._ticket.went = True

    def opened(self) -> None:
        """Start the lifetime of the connection: the server accepted the upgrade."""
        shared, every_s = self._shared, self._shared.scenario.message_every_s
        self._timers.pop("limit").cancel()
        self._connected(None)
        if self._leaving:
            self.end()
            return
        if self._hold_mean_s < math.inf:
            self._after("life", shared.rng.expovariate(1 / self._hold_mean_s), self._life_over)
        if every_s:
            first_s = shared.rng.random() * every_s
            self._after("message", first_s, self._send_message, clock.now() + first_s, 1)

    def lost(self, kind: str) -> None:
        """The connection was lost or refused: connect again after a pause, unless the client is to leave."""
        self._disconnect(kind)
        if self._leaving:
            self._shared.clients.discard(self)
        else:
            self._connect_at(clock.now() + self._shared.rng.uniform(*BACKOFF_S))

    def _connected(self, bad: str | None) -> None:
        if self._ticket is not None:
            self._shared.settle(CONNECT_ROW, self._ticket, 0, bad)
        self._ticket = None

    def _disconnect(self, kind: str) -> None:
        """End the connection; settle its outstanding handshake and echoes as `kind`."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        if self._connecting:
            self._connecting.cancel()
        if self._socket:
            self._socket.close()
        self._connecting = self._socket = None
        self._connected(kind)
        while self._awaiting_echo:
            self._shared.settle(MESSAGE_ROW, self._awaiting_echo.popleft(), 0, kind)

    def _life_over(self) -> None:
        """Connect again at once, or leave; outstanding echoes are awaited first."""
        self._over = True
        if self._awaiting_echo:
            return
        if self._leaving:
            self.end()
        else:
            self._disconnect("reset")
            self._connect_at(clock.now())

    # -- messages

    def received(self, message: Message) -> None:
        """Process a message of the server."""
        shared, now_s = self._shared, clock.now()
        if self._awaiting_echo:
            shared.settle(MESSAGE_ROW, self._awaiting_echo.popleft(), len(message), None)
        try:
            facts = shared.scenario.read(message, self._state)
            if facts is not None and not isinstance(facts.reply, str | bytes | None):
                raise TypeError(f"a reply must be text or bytes, not {facts.reply!r}")
        except UnknownMessage:
            self._misread(len(message), "error")
            return
        except Exception as error:  # of the scenario's own code
            self._misread(len(message), SCENARIO_ERROR)
            shared.report.scenario_failed(error, f"the message {message[:80]!r}")
            return
        if facts is not None:
            latency_s = max(0.0, clock.epoch_s(now_s) - facts.sent_epoch_s)
            shared.ledger.received("messages", facts.sent_epoch_s, latency_s)
            shared.statistics.log(MESSAGE_ROW, latency_s, len(message), ())
            if facts.dropped:
                shared.ledger.lost("messages", facts.sent_epoch_s, facts.dropped, "dropped")
            if facts.reply is not None:
                self._reply(facts.reply)
        if self._over:
            self._life_over()

    def unreadable(self, kind: str) -> None:
        """Count a message that is not text, too big or no message; in place of the echo that was expected, if any."""
        if not self._awaiting_echo:
            self._misread(0, kind)
            return
        self._shared.settle(MESSAGE_ROW, self._awaiting_echo.popleft(), 0, kind)
        self.lost("reset")

    def _misread(self, length: int, kind: str) -> None:
        """Count a message of the server as bad, and connect again: messages after it cannot be interpreted."""
        shared = self._shared
        shared.ledger.lost("messages", clock.epoch_s(clock.now()), 1, kind)
        shared.statistics.log(MESSAGE_ROW, 0.0, length, (kind,))
        self.lost(kind)

    def _reply(self, message: Message) -> None:
        if self._ack_delay_s:
            self._after("ack", self._ack_delay_s, self._send, message)
        else:
            self._send(message)

    def _send(self, message: Message) -> None:
        if self._socket:
            self._socket.send(message)

    def _send_message(self, due_s: float, number: int) -> None:
        """Send the next message, whether or not the last one was echoed."""
        scenario = self._shared.scenario
        next_s = due_s + (scenario.message_every_s or math.inf)
        self._after("message", next_s - clock.now(), self._send_message, next_s, number + 1)
        if self._awaiting_echo and clock.now() - self._awaiting_echo[0].due_s > scenario.connect_limit_s:
            self.lost("timeout")
        elif not self._over and self._socket:
            self._start_message(self._socket, self._shared.due("messages", due_s), number)

    def _start_message(self, socket: Socket, ticket: Ticket, number: int) -> None:
        shared = self._shared
        try:
            socket.send(shared.scenario.message(number))
        except Exception as error:  # of the scenario's own code
            shared.settle(MESSAGE_ROW, ticket, 0, SCENARIO_ERROR)
            shared.report.scenario_failed(error, f"arrival {ticket.number}, message {number}")
        else:
            self._awaiting_echo.append(ticket)
            ticket.went = True

    def _after(self, name: str, delay_s: float, call: Callable[..., None], *arguments: object) -> None:
        """Start the timer of a purpose; it replaces an earlier one."""
        if name in self._timers:
            self._timers[name].cancel()
        self._timers[name] = self._shared.engine.call_later(max(0.0, delay_s), call, *arguments)

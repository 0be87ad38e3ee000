"""Open HTTP arrivals: each is sent when it is due, over as many connections as are needed."""

from __future__ import annotations

import math
from collections import deque

from scenarios.generator import clock
from scenarios.generator.declare import HttpScenario
from scenarios.generator.exchange import Answer, Request, address_of, encode
from scenarios.generator.ledger import UNFINISHED
from scenarios.generator.own_code import SCENARIO_ERROR
from scenarios.generator.plan import Arrivals, Plan
from scenarios.generator.report import Report
from scenarios.generator.schedule import seeded
from scenarios.generator.statistics import row_of

from .connection import Bad, Connection, Exchange
from .deadlines import Deadlines
from .engine import Engine, StatisticsSink, tls_context
from .linux import Timer

MAX_IN_FLIGHT = 4000


class HttpDriver:
    """Driver of one run, from the first plan to `stop`. Raises ValueError for an unusable host."""

    def __init__(
        self, engine: Engine, scenario: HttpScenario, report: Report, statistics: StatisticsSink, host: str, index: int
    ) -> None:
        self._scenario, self._report, self._ledger, self._statistics = scenario, report, report.ledger, statistics
        self._engine = engine
        self._idle: deque[Connection] = deque()
        self._waiting: deque[Exchange] = deque()
        self._under_way: set[Exchange] = set()
        self.aim(host)
        self._bodies = seeded(f"bodies {index}", report.settings.seed)
        self._arrivals = Arrivals(report.settings.seed, index, scenario.surge)
        self._timer = Timer(engine, self._due, report.settings.tick_s)
        self._deadlines = Deadlines(engine, self._expired)

    def follow(self, plan: Plan) -> None:
        """Start, or continue with another plan."""
        self._arrivals.follow(plan)
        self._arm()

    def aim(self, host: str) -> None:
        """Send to another host from now on; requests in flight are not affected."""
        self._address = address_of(host, self._scenario.schemes)
        self._authority = self._address.authority
        for exchange in self._waiting:
            exchange.data = encode(exchange.request, self._authority)
        self._tls = tls_context() if self._address.tls else None
        while self._idle:
            self._idle.popleft().close()

    def drain(self) -> None:
        """Start no further arrivals; those that wait for a connection are still sent."""
        self._arrivals.end()
        self._arm()

    def busy(self) -> bool:
        """Return whether an arrival is outstanding."""
        return bool(self._under_way or self._waiting)

    def stop(self) -> None:
        """End the run and close all connections; outstanding arrivals count as unfinished."""
        self._timer.close()
        self._deadlines.close()
        self._report.next_due_s = math.inf
        outstanding = [*self._under_way, *self._waiting]
        self._waiting.clear()
        for exchange in outstanding:
            self._disconnect(exchange)
            self.failed(exchange, UNFINISHED)
        while self._idle:
            self._idle.popleft().close()

    def answered(self, exchange: Exchange, answer: Answer) -> None:
        """Settle an exchange with its complete answer."""
        try:
            self._settle(exchange, self._judged(exchange.request, answer), len(answer.body))
        except Exception as error:  # of the scenario's own code
            self._settle(exchange, dict.fromkeys(exchange.request.series, SCENARIO_ERROR), len(answer.body))
            self._scenario_failed(error, exchange)

    def _judged(self, request: Request, answer: Answer) -> Bad:
        """Return the scenario's verdict. Raises TypeError for one that is no kind of bad by series."""
        bad = self._scenario.judge(request, answer)
        if bad and not all(isinstance(kind, str) for kind in bad.values()):
            raise TypeError(f"a kind of bad must be text: {dict(bad)!r}")
        return bad

    def failed(self, exchange: Exchange, kind: str) -> None:
        """Settle an exchange that failed."""
        self._settle(exchange, dict.fromkeys(exchange.request.series, kind), 0)

    def idle(self, connection: Connection) -> None:
        """Keep a free connection for reuse; close one to an earlier host."""
        if connection.address is self._address:
            self._idle.append(connection)
        else:
            connection.close()

    def _arm(self) -> None:
        self._report.next_due_s = self._arrivals.due_s
        self._timer.arm(self._arrivals.due_s)

    def _due(self) -> None:
        now_s, arrivals = clock.now(), self._arrivals
        while arrivals.due_s <= now_s:
            self._arrive(arrivals.due_s)
            arrivals.advance()
        self._arm()

    def _arrive(self, due_s: float) -> None:
        try:
            request = self._scenario.draw(self._bodies)
            data = encode(request, self._authority)
        except Exception as error:  # of the scenario's own code
            self._not_drawn(due_s, error)
            return
        exchange = Exchange(request, data, self._ledger.due(request.series, due_s))
        now_s = clock.now()
        self._deadlines.add(exchange, now_s)
        if len(self._under_way) < MAX_IN_FLIGHT:
            self._begin(exchange, now_s)
        else:
            self._waiting.append(exchange)

    def _not_drawn(self, due_s: float, error: Exception) -> None:
        """Count an arrival without a request in the first series, which has every arrival."""
        series = self._scenario.series[:1]
        request = Request(SCENARIO_ERROR, self._scenario.name, {}, b"", 0.0, series)
        exchange = Exchange(request, b"", self._ledger.due(series, due_s))
        self.failed(exchange, SCENARIO_ERROR)
        self._scenario_failed(error, exchange)

    def _scenario_failed(self, error: Exception, exchange: Exchange) -> None:
        request = " ".join(row_of(exchange.request))
        self._report.scenario_failed(error, f"arrival {exchange.tickets[0].number}, {request}")

    def _begin(self, exchange: Exchange, now_s: float) -> None:
        if self._ledger.started(exchange.tickets, now_s):
            self._statistics.late(now_s - exchange.tickets[0].due_s)
        self._under_way.add(exchange)
        while self._idle:
            connection = self._idle.popleft()  # the one idle for the longest time, so that each is checked
            if connection.usable(now_s):
                connection.send(exchange)
                return
            connection.close()
        self._connect(exchange)

    def _connect(self, exchange: Exchange) -> None:
        def made(connection: Connection) -> None:
            if exchange.done:  # expired meanwhile: the engine may open a connection that was just cancelled
                connection.close()
            else:
                connection.send(exchange)

        connection = Connection(self, self._address, made)
        exchange.connecting = self._engine.connect(
            connection, self._address, self._tls, lambda kind: self.failed(exchange, kind)
        )

    def _expired(self, exchange: Exchange) -> None:
        self._disconnect(exchange)
        self.failed(exchange, "timeout")

    def _disconnect(self, exchange: Exchange) -> None:
        if exchange.connection:
            exchange.connection.close()
        elif exchange.connecting:
            exchange.connecting.cancel()

    def _settle(self, exchange: Exchange, bad: Bad, length: int) -> None:
        if exchange.done:
            return
        exchange.done = True
        exchange.connection = exchange.connecting = None
        self._under_way.discard(exchange)
        now_s = clock.now()
        for ticket in exchange.tickets:
            self._ledger.settle(ticket, now_s, bad.get(ticket.series))
        if self._statistics.wanted:
            self._statistics.log(row_of(exchange.request), now_s - exchange.tickets[0].due_s, length, bad.values())
        while self._waiting and len(self._under_way) < MAX_IN_FLIGHT:
            waiting = self._waiting.popleft()
            if not waiting.done:  # it may have passed its timeout
                self._begin(waiting, now_s)

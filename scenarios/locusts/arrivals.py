"""A locust user that sends HTTP requests when they are due, one greenlet each, whatever became of the earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

import gevent
from gevent.lock import BoundedSemaphore
from gevent.pool import Group
from locust import User, task

from . import clock
from .http import Answer, Client, Request, TransportError
from .ledger import Ticket
from .schedule import poisson, seeded
from .session import Session

MAX_IN_FLIGHT = 4000


class BadAnswer(Exception):
    """What locust's own statistics show for an arrival that went badly."""


class ArrivalsUser(User):
    """Drives the whole schedule of a scenario; a locustfile says what is sent and what a good answer is.

    One user is all there ever is (`fixed_count`): more of them in the web UI change nothing, the rate is `--rate`.
    """

    abstract = True
    fixed_count = 1
    session: Session

    def draw(self, rng: Random) -> Request:
        """Builds the next request, from `rng` alone."""
        raise NotImplementedError

    def judge(self, request: Request, answer: Answer) -> Mapping[str, str]:
        """The series in which this answer is bad, each with its kind."""
        raise NotImplementedError

    @task
    def drive(self) -> None:
        """Runs until locust stops it."""
        seed = self.session.settings.seed
        bodies = seeded("bodies", seed)
        self._client = Client(str(self.host))
        self._slots = BoundedSemaphore(MAX_IN_FLIGHT)
        under_way = Group()
        try:
            for due_s in poisson(seeded("arrivals", seed), clock.now(), self._rate_per_s):
                self.session.next_due_s = due_s
                gevent.sleep(max(0.0, due_s - clock.now()))
                request = self.draw(bodies)
                tickets = self.session.ledger.due(request.series, due_s)
                under_way.spawn(self._send, request, tickets).link_exception(self._broken)
        finally:
            under_way.kill()
            self._client.close()
            self.session.stopped()

    def _rate_per_s(self) -> float:
        rate: float = self.environment.parsed_options.rate
        return rate * self.session.board.product("surge", "factor")

    def _send(self, request: Request, tickets: tuple[Ticket, ...]) -> None:
        with self._slots:
            self.session.ledger.started(tickets, clock.now())
            try:
                answer = self._client.send(request)
                bad, length = self.judge(request, answer), len(answer.body)
            except TransportError as error:
                bad, length = dict.fromkeys(request.series, error.kind), 0
        self._settle(request, tickets, bad, length)

    def _settle(self, request: Request, tickets: tuple[Ticket, ...], bad: Mapping[str, str], length: int) -> None:
        now_s = clock.now()
        for ticket in tickets:
            self.session.ledger.settle(ticket, now_s, bad.get(ticket.series))
        self.environment.events.request.fire(
            request_type=request.method,
            name=request.name or request.path,
            response_time=(now_s - tickets[0].due_s) * 1e3,
            response_length=length,
            exception=BadAnswer(", ".join(sorted(set(bad.values())))) if bad else None,
            context={},
        )

    def _broken(self, greenlet: gevent.Greenlet) -> None:
        self.session.broken(self.environment, greenlet.exception)


def http_kind(answer: Answer) -> str | None:
    """The kind of bad of a server's failure; None where the server did answer the client."""
    return f"http_{answer.status}" if answer.status >= 500 else None

"""Counts the requests of a plain locustfile from locust's request events, and knows those that are outstanding.

locust has an event for the end of a request and none for its begin. A request that hangs would be unknown until its
end, so the two clients of locust are followed: they open a ticket, which the request's context carries to the event.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Protocol
from urllib.parse import urlsplit

from locust.clients import HttpSession
from locust.contrib.fasthttp import FastHttpSession
from locust.user import User
from locust.user.task import TaskSet

from scenarios.generator import clock
from scenarios.generator.ledger import UNFINISHED, Ticket
from scenarios.generator.own_code import SCENARIO_ERROR
from scenarios.generator.report import Report

from .failures import kind_of_failure

KEY = "gameday_request"
"""Name in the context of a request, which locust passes on to its event."""
MOST_NAMES = 100
"""Most series of a file. Further names count in the first series only: paths with an id would make one each."""


class Client(Protocol):
    """What both clients of locust have."""

    user: User | None
    request_name: str | None


@dataclass(eq=False)
class Open:
    """A request that has begun."""

    user: User | None
    begun_s: float
    tickets: tuple[Ticket, ...]


class RequestsSeen:
    """The requests of one process; every one counts in `series`."""

    def __init__(self, report: Report, series: str, host: str) -> None:
        self._report, self._ledger, self._series, self._host = report, report.ledger, series, urlsplit(host)
        self._open: dict[Open, None] = {}
        self._names: dict[str, None] = {}

    def follow_clients(self) -> None:
        """Open a ticket for every request of locust's clients."""
        for client in (HttpSession, FastHttpSession):
            client.request = self._followed(client.request)  # type: ignore[assignment, method-assign]

    def _followed(self, request: Callable[..., object]) -> Callable[..., object]:
        signature = inspect.signature(request)

        @wraps(request)
        def followed(client: Client, *arguments: object, **options: object) -> object:
            call = signature.bind(client, *arguments, **options)
            begun = self._begin(client, call.arguments)
            call.arguments["context"] = {**call.arguments.get("context", {}), KEY: begun}
            try:
                return request(*call.args, **call.kwargs)
            except Exception:  # a call that locust refuses, such as one with an invalid URL; there is no event for it
                self._settle(begun, clock.now(), SCENARIO_ERROR)
                raise
            except BaseException:  # locust stopped the user
                self._settle(begun, clock.now(), UNFINISHED)
                raise

        return followed

    def _begin(self, client: Client, arguments: Mapping[str, object]) -> Open:
        url = str(arguments["url"])
        self._check_target(url)
        name = arguments.get("name") or client.request_name or _path_of(url)
        begun_s = clock.now()
        begun = Open(client.user, begun_s, self._ledger.due(self._series_of(str(name)), begun_s))
        self._open[begun] = None
        return begun

    def _check_target(self, url: str) -> None:
        """End the load before it sends a request to another host: a drill loads its own platform and nothing else."""
        target = urlsplit(url)
        if target.netloc and target.hostname != self._host.hostname:
            self._report.die(
                f"the locustfile sends to {target.hostname}, but the service of this drill is at "
                f"{self._host.hostname}: use paths without a host"
            )

    def _series_of(self, name: str) -> tuple[str, ...]:
        if name not in self._names and len(self._names) >= MOST_NAMES:
            return (self._series,)
        if name not in self._names and len(self._names) == MOST_NAMES - 1:
            self._report.warn(f"over {MOST_NAMES} names of requests; further ones count in `{self._series}` only")
        self._names[name] = None
        return tuple(dict.fromkeys((self._series, name)))

    def ended(
        self,
        name: str,
        response_time: float | None = None,
        exception: BaseException | None = None,
        response: object = None,
        context: dict[str, object] | None = None,
        **_: object,
    ) -> None:
        """Count the end of a request, with the response time that locust measured, in milliseconds."""
        now_s, seconds = clock.now(), (response_time or 0.0) / 1e3
        begun = (context or {}).get(KEY)
        if not isinstance(begun, Open):  # of another client than the two of locust
            begun = Open(None, now_s - seconds, self._ledger.due(self._series_of(name), now_s - seconds))
            self._open[begun] = None
        bad = kind_of_failure(exception, response) if exception else None
        self._settle(begun, now_s if response_time is None else begun.begun_s + seconds, bad)

    def user_failed(self, user_instance: User | TaskSet, **_: object) -> None:
        """Settle what a user left behind when its code raised an exception: locust has no event for these requests.

        locust passes its TaskSet in place of the user when a task raised it.
        """
        user = user_instance.user if isinstance(user_instance, TaskSet) else user_instance
        for begun in [each for each in self._open if each.user is user]:
            self._settle(begun, clock.now(), SCENARIO_ERROR)

    def finish(self) -> None:
        """Settle the requests that are outstanding at the end of the load."""
        for begun in list(self._open):
            self._settle(begun, clock.now(), UNFINISHED)

    def _settle(self, begun: Open, ended_s: float, bad: str | None) -> None:
        self._open.pop(begun, None)
        for ticket in begun.tickets:
            ticket.went = bad != "refused"
            self._ledger.settle(ticket, ended_s, bad)


def _path_of(url: str) -> str:
    """The path of a URL as it was written, with its query and without its host."""
    target = urlsplit(url)
    return url if not target.netloc else f"{target.path or '/'}{f'?{target.query}' if target.query else ''}"

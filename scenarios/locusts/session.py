"""One scenario in one locust process: its books, its stream, its faults, and when it ends."""

from __future__ import annotations

import os
import resource
import sys
from typing import NoReturn

import gevent
from locust import User, events
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.runners import MasterRunner, Runner

from . import admin, clock
from .faults import Board
from .ledger import SLICE_S, Ledger
from .settings import Settings, SettingsError, positive, read_settings
from .stream import Stream, StreamError

BEAT_S = SLICE_S
PARENT_CHECK_S = 0.25
DRAIN_LIMIT_S = 1.0
UNUSABLE = 2


class Session:
    """Made by a locustfile at import; locust's events drive it from then on.

    The first of `series` holds every arrival. By hand there is no stream and mostly no admin listener; then all that
    is left is the load itself and locust's own statistics.
    """

    def __init__(self, scenario: str, series: tuple[str, ...], rate_per_s: float, faults: tuple[str, ...]) -> None:
        self.scenario = scenario
        self.series = series
        self.settings = _settings()
        self.ledger = Ledger(self.settings.thresholds_ms)
        self.board = Board(faults)
        self.next_due_s = float("inf")
        self._default_rate = rate_per_s
        self._stream = Stream(self.settings.stream_fd)
        self._parent = os.getppid()
        self._outstanding = 0
        self._hard_end: gevent.Greenlet | None = None
        self._listen()

    def stopped(self) -> None:
        """The load stopped: what is outstanding will have no other fate than `unfinished`."""
        self._outstanding += self.ledger.give_up()[self.series[0]]
        self.next_due_s = float("inf")

    def broken(self, environment: Environment, error: BaseException | None) -> None:
        """The generator itself failed: its numbers are worth nothing, so the harness sees it die."""
        if self.settings.stream_fd is not None:
            self.die(f"the generator broke: {error!r}")
        environment.process_exit_code = UNUSABLE
        gevent.spawn(_stop, environment)

    def _listen(self) -> None:
        for hook, listener in (
            (events.init_command_line_parser, self._add_arguments),
            (events.init, self._begin),
            (events.test_start, self._limit),
            (events.user_error, self._broken),
            (events.quitting, self._end),
        ):
            hook.add_listener(listener)  # type: ignore[no-untyped-call]  # locust leaves it unannotated

    def _add_arguments(self, parser: LocustArgumentParser) -> None:
        """`--rate`, which the web UI offers as a field as well."""
        parser.add_argument(
            "--rate", type=positive, default=self._default_rate, env_var="GAMEDAY_RATE",
            help=f"Arrivals a second, or connections to hold ({self._default_rate:g})",
        )  # fmt: skip

    def _begin(self, environment: Environment, **_: object) -> None:
        if isinstance(environment.runner, MasterRunner):
            return  # a master drives nothing
        _raise_file_limit()
        port = self.settings.admin_port
        url = None if port is None else admin.serve(port, self.settings.admin_token, self.board)
        self._hello(url)
        helpers = [gevent.spawn(self._beat)]
        if self.settings.stream_fd is not None:
            helpers.append(gevent.spawn(self._watch_parent))
        for helper in helpers:
            helper.link_exception(lambda broken: self.die(f"the generator broke: {broken.exception!r}"))

    def _hello(self, admin_url: str | None) -> None:
        facts = {"scenario": self.scenario, "series": self.series, "slice_s": SLICE_S}
        self._send({"ev": "hello", **facts, "pid": os.getpid(), "admin": admin_url})

    def _beat(self) -> None:
        due_s = clock.now()
        while True:
            due_s += BEAT_S
            gevent.sleep(max(0.0, due_s - clock.now()))
            self._report(due_s)

    def _report(self, until_s: float) -> None:
        """`t` never passes an arrival that is due and not yet counted, even where this process was held up."""
        until_s = min(until_s, self.next_due_s)
        self._send({"ev": "load", "t": round(clock.epoch_s(until_s), 3), "deltas": self.ledger.take(clock.now())})

    def _watch_parent(self) -> None:
        while os.getppid() == self._parent:
            gevent.sleep(PARENT_CHECK_S)
        self.die("the process that started this scenario is gone")

    def _limit(self, environment: Environment, **_: object) -> None:
        if self._hard_end is not None:
            self._hard_end.kill(block=False)  # of an earlier start in the web UI
        self._hard_end = gevent.spawn_later(self.settings.duration_s, _stop, environment)

    def _broken(self, user_instance: User, exception: BaseException, **_: object) -> None:
        self.broken(user_instance.environment, exception)

    def _end(self, environment: Environment, **_: object) -> None:
        _runner(environment).stop()
        if self.settings.stream_fd is None:
            return
        environment.process_exit_code = 0  # bad requests are what the stream tells, not a failure of the generator
        self._report(clock.now())
        self._send(
            {
                "ev": "bye",
                "t": round(clock.epoch_s(clock.now()), 3),
                "sent": self.ledger.sent[self.series[0]],
                "outstanding": self._outstanding,
            }
        )
        try:
            self._stream.finish(DRAIN_LIMIT_S)
        except StreamError as error:
            self.die(str(error))

    def _send(self, line: dict[str, object]) -> None:
        try:
            self._stream.send(line)
        except StreamError as error:
            self.die(str(error))

    def die(self, why: str) -> NoReturn:
        """Ends the process at once, with a reason: the numbers would not be whole any more, or nobody wants them."""
        sys.stderr.write(f"scenario {self.scenario}: {why}\n")
        sys.stderr.flush()
        os._exit(UNUSABLE)


def _settings() -> Settings:
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(UNUSABLE)


def _stop(environment: Environment) -> None:
    """In the web UI the run stops and may be started again; without it locust ends."""
    if environment.web_ui is None:
        _runner(environment).quit()
    else:
        _runner(environment).stop()


def _runner(environment: Environment) -> Runner:
    assert environment.runner is not None, "locust makes its runner before it fires an event"
    return environment.runner


def _raise_file_limit() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

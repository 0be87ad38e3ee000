"""Write the load stream to the harness, and exit when it cannot be written. Format: docs/reference/contracts.md."""

from __future__ import annotations

import math
import os
import resource
import sys
from collections.abc import Callable
from typing import NoReturn

from . import clock
from .declare import Scenario
from .ledger import LATE_S, SLICE_S, Ledger
from .own_code import MOST_ERRORS, SCENARIO_ERROR, place_of
from .settings import Settings, SettingsError, read_settings
from .stream import Stream, StreamError

BEAT_S = SLICE_S
WARN_EVERY_S = 5.0
PARENT_CHECK_S = 0.25
DRAIN_LIMIT_S = 1.0
UNUSABLE = 2


class Report:
    """Counts of one process and the load stream. Without a stream, by hand, its lines are dropped.

    When the generator falls behind, `warn` gets a message with figures, at most every `WARN_EVERY_S` and at the end.

    `give_up` ends the load with a reason; by default it exits at once.

    The driver sets `next_due_s` to the next due arrival (`clock.now()`; inf: none), calls `beat` every `BEAT_S` and
    `orphaned` every `PARENT_CHECK_S`.
    """

    def __init__(self, scenario: Scenario, settings: Settings) -> None:
        self.scenario, self.settings = scenario, settings
        self.ledger = Ledger(settings.thresholds_ms)
        self.next_due_s = math.inf
        self._stream = Stream(settings.stream_fd)
        self._parent = os.getppid()
        self.warn: Callable[[str], object] = lambda text: sys.stderr.write(f"scenario {scenario.name}: {text}\n")
        self.give_up: Callable[[str], object] = self.die
        self._warned_s = clock.now()
        self._scenario_errors = 0

    @property
    def streams(self) -> bool:
        """Whether there is a stream to write."""
        return self.settings.stream_fd is not None

    def hello(self, admin_url: str | None, engine: str) -> None:
        """Write the first line; `engine` is `worker` or `locust`."""
        facts = {"scenario": self.scenario.name, "series": self.scenario.series, "slice_s": SLICE_S}
        how = {"engine": engine, "tick_ms": self.settings.tick_s * 1e3}
        self._send({"ev": "hello", **facts, **how, "pid": os.getpid(), "admin": admin_url})

    def beat(self, until_s: float) -> None:
        """Write the counts; `t` never passes a due arrival that is not yet counted, even after a stall."""
        until_s = min(until_s, self.next_due_s)
        self._send({"ev": "load", "t": round(clock.epoch_s(until_s), 3), "deltas": self.ledger.take(clock.now())})
        if clock.now() - self._warned_s >= WARN_EVERY_S:
            self._warned_s = clock.now()
            self._warn_of_late()

    def bye(self) -> None:
        """Write the last counts and the last line."""
        self.beat(clock.now())
        self._warn_of_late()
        first = self.scenario.series[0]
        totals = {"sent": self.ledger.sent[first], "outstanding": self.ledger.unfinished[first]}
        self._send({"ev": "bye", "t": round(clock.epoch_s(clock.now()), 3), **totals})
        try:
            self._stream.finish(DRAIN_LIMIT_S)
        except StreamError as error:
            self.die(str(error))

    def scenario_failed(self, error: Exception, where: str) -> None:
        """Report an exception in the scenario's own code, at an arrival that is already counted; end after ten.

        `where` is the arrival, such as `arrival 3, POST /orders`.
        """
        self._scenario_errors += 1
        if self._scenario_errors > MOST_ERRORS:
            return  # the end is under way
        fact = f"{place_of(error, self.scenario)}: {type(error).__name__}: {error} (at {where})"
        self.warn(f"{fact}; it counts as bad, kind {SCENARIO_ERROR}")
        if self._scenario_errors == MOST_ERRORS:
            self.beat(clock.now())
            self.give_up(f"the scenario's own code failed {MOST_ERRORS} times, the last time in {fact}: correct it")

    def _warn_of_late(self) -> None:
        late_s = self.ledger.take_late()
        if late_s:
            self.warn(
                f"the generator fell behind: {len(late_s)} arrivals were started over {LATE_S * 1e3:g} ms after they "
                f"were due, the worst {max(late_s) * 1e3:,.0f} ms; seconds with more than a few of them are no data"
            )

    def orphaned(self) -> None:
        """Exit when the parent process, which reads the stream, has ended."""
        if self.streams and os.getppid() != self._parent:
            self.die("the process that started this scenario is gone")

    def die(self, why: str) -> NoReturn:
        """Exit at once with a reason: the counts would be incomplete or have no reader."""
        sys.stderr.write(f"scenario {self.scenario.name}: {why}\n")
        sys.stderr.flush()
        os._exit(UNUSABLE)

    def _send(self, line: dict[str, object]) -> None:
        try:
            self._stream.send(line)
        except StreamError as error:
            self.die(str(error))


def settings_or_exit() -> Settings:
    """Read the settings; print the message and exit 2 when one is unusable."""
    try:
        return read_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(UNUSABLE)


def raise_file_limit() -> None:
    """Raise the soft limit of open files to the hard one: each connection is a file."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

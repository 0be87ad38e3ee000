"""One worker: a scenario's driver, its statistics, and how it begins and ends."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from scenarios.generator import clock
from scenarios.generator.declare import Scenario
from scenarios.generator.own_code import ScenarioFailed
from scenarios.generator.plan import Plan, alone, shared
from scenarios.generator.report import BEAT_S, PARENT_CHECK_S, Report, raise_file_limit
from scenarios.generator.settings import Settings
from scenarios.traffic.driver import Driver, driver_of

from . import admin
from .engine import AsyncioEngine
from .rows import Rows
from .summary import print_progress, table

Drive = Callable[["Worker", asyncio.Event], Awaitable[None]]
"""Starts runs of a worker until the event is set."""

DRAIN_CHECK_S = 0.05
GC_THRESHOLD = 20_000
"""Objects between two garbage collections: an arrival makes about thirty, with few reference cycles."""


class Worker:
    """Starts, edits and stops runs of one scenario, one at a time."""

    def __init__(self, scenario: Scenario, settings: Settings, host: str, rows: Rows) -> None:
        self.scenario, self.settings, self.host, self.rows = scenario, settings, host, rows
        self.report = Report(scenario, settings)
        self._driver: Driver | None = None
        self._aimed_at = host
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def start(self, plan: Plan, host: str, index: int = 0) -> None:
        """Start a run. Raises ValueError for an unusable host or schedule."""
        self.stop()
        engine = AsyncioEngine(asyncio.get_running_loop())
        self._driver = driver_of(engine, self.scenario, self.report, self.rows, host, index)
        self._aimed_at = host
        self._driver.follow(plan)

    def edit(self, plan: Plan, host: str) -> None:
        """Continue with another plan and host. Raises ValueError for unusable ones."""
        if self._driver:
            if host != self._aimed_at:
                self._driver.aim(host)
            self._aimed_at = host
            self._driver.follow(plan)

    async def drain(self, limit_s: float) -> None:
        """Start no further arrivals; return when outstanding ones have ended, or after `limit_s`."""
        if self._driver is None:
            return
        driver, ends_s = self._driver, clock.now() + limit_s
        driver.drain()
        while driver.busy() and clock.now() < ends_s:
            await asyncio.sleep(DRAIN_CHECK_S)

    def outstanding_s(self) -> list[float]:
        """Return the ages in seconds of the outstanding arrivals."""
        return self.report.ledger.outstanding_s(self.scenario.series[0], clock.now())

    def stop(self) -> None:
        """End the run, if there is one. Idempotent."""
        if self._driver:
            self._driver.stop()
        self._driver = None

    async def serve(self, drive: Drive) -> None:
        """Write the stream from its first line to its last; `drive` makes runs until it or a signal sets the event.

        Raises ScenarioFailed when the scenario's own code failed too often; with a stream, the process exits instead.
        """
        raise_file_limit()
        gc.freeze()  # objects of the start-up live as long as the process
        gc.set_threshold(GC_THRESHOLD)
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        loop.set_exception_handler(self._broken)
        failures: list[str] = []
        if not self.report.streams:

            def give_up(why: str) -> None:
                failures.append(why)
                done.set()

            self.report.give_up = give_up
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, done.set)
        port = self.settings.admin_port
        url = None if port is None else await admin.serve(port, self.settings.admin_token, self.scenario.board)
        self.report.hello(url, "worker")
        self._beat(loop, clock.now())
        self._watch_parent(loop)
        await drive(self, done)
        self.stop()
        for timer in self._timers.values():
            timer.cancel()
        self.report.bye()
        if failures:
            raise ScenarioFailed(failures[0])

    def _beat(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        if due_s <= clock.now():
            self.report.beat(due_s)
            due_s += BEAT_S
        self._timers["beat"] = loop.call_later(max(0.0, due_s - clock.now()), self._beat, loop, due_s)

    def _watch_parent(self, loop: asyncio.AbstractEventLoop) -> None:
        self.report.orphaned()
        self._timers["parent"] = loop.call_later(PARENT_CHECK_S, self._watch_parent, loop)

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.report.die(f"the generator broke: {context.get('exception') or context['message']!r}")


async def drive_by_hand(worker: Worker, done: asyncio.Event) -> None:
    """Do the same, with progress on stderr and a table at the end."""
    progress = asyncio.create_task(print_progress(worker.rows, worker.outstanding_s))
    await drive_alone(worker, done)
    progress.cancel()
    worker.stop()
    worker.report.beat(clock.now())
    worker.rows.unsent(worker.report.ledger.unsent[worker.scenario.series[0]])
    sys.stdout.write(f"{table(worker.rows)}\n")


async def drive_alone(worker: Worker, done: asyncio.Event) -> None:
    """Start one run at once; return at its maximum duration or a signal."""
    settings, scenario = worker.settings, worker.scenario
    rate, schedule = settings.rate_per_s or scenario.rate_per_s, settings.schedule or scenario.schedule
    if settings.share:
        worker.start(shared(rate, schedule, settings.share), worker.host, settings.share.place)
    else:
        worker.start(alone(rate, schedule), worker.host)
    asyncio.get_running_loop().call_later(settings.duration_s, done.set)
    await done.wait()

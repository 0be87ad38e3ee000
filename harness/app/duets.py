"""Runs a comparison: drives the load on the services of both variants until it is decided, and records all of it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from harness.app.variants import Services
from harness.bindings import LoadSpec
from harness.clock import now_s
from harness.comparison.judge import ComparisonJudge
from harness.comparison.result import ScenarioResult
from harness.errors import ComparisonError, Interrupted
from harness.load.declaration import write_declaration
from harness.load.duet import DuetLoad
from harness.record.comparison import ComparisonStarted, DuetEnded, DuetStarted
from harness.record.event import CONTROL, TREATMENT, Event, SideEvent, SideName
from harness.record.events import RunStarted
from harness.record.journal import Journal, JournalError
from harness.report.comparison import show_progress

WAKE_S, PROGRESS_S = 0.25, 10.0
SETTLE_S = 2.0
"""How long after the end of the budget the arrivals of the last block may have an outcome."""
MORE_S = 60.0
"""Time after which the load ends by itself, beyond the budget."""


@dataclass(frozen=True)
class LoadPlan:
    """The load of one runbook: its scenario's file, the Service that it is for, and the series that is compared."""

    runbook: str
    scenario: Path
    service: str
    series: str
    rate: float | None
    name: str
    """Of the scenario, in the record."""
    requests: LoadSpec | None = None
    """Of a load of the bindings."""


class Duets:
    """Drives one load after the other; every event goes to the journal and to a judge."""

    def __init__(
        self,
        journal: Journal,
        out: Path,
        header: ComparisonStarted,
        stop: threading.Event,
        notify: Callable[[str], None],
    ) -> None:
        self._journal, self._out, self._header, self._stop, self._notify = journal, out, header, stop, notify
        self._judge = ComparisonJudge()
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._broken = False
        journal.deliver_to(self._inbox.put)

    def begin(self, run: RunStarted) -> None:
        """Write the first events."""
        self._journal.write(run)
        self._journal.write(self._header)

    def drive(self, plan: LoadPlan, services: Mapping[SideName, Services]) -> None:
        """Drive one load until it is decided, or the budget is spent.

        Raises ComparisonError when a generator ends by itself, Interrupted when the comparison is to stop.
        """
        folder = self._out / plan.runbook
        folder.mkdir(parents=True, exist_ok=True)
        hosts = {side: each.url(plan.service) for side, each in services.items()}
        load = DuetLoad(plan.scenario, hosts, self._settings(plan, folder), folder, self._first(plan))
        started = DuetStarted(
            drill=plan.runbook, scenario=plan.name, series=plan.series, rate_per_s=plan.rate,
            starts_s=load.starts_s,
        )  # fmt: skip
        self._journal.write(started)
        try:
            load.start(lambda event, *, sync=False: self._record(plan, event, sync=sync))
            self._await_decision(plan, load)
        finally:
            load.stop()
        self._journal.write(DuetEnded(drill=plan.runbook))

    def _settings(self, plan: LoadPlan, folder: Path) -> dict[str, str]:
        settings = {"GAMEDAY_SEED": str(self._header.seed), "GAMEDAY_DURATION_S": f"{self._header.budget_s + MORE_S:g}"}
        if plan.requests:
            settings |= write_declaration(plan.requests, plan.rate, folder)
        return settings if plan.rate is None else {**settings, "GAMEDAY_RATE": f"{plan.rate:g}"}

    def _first(self, plan: LoadPlan) -> SideName:
        """Which side gets the first share of the schedule: it must not always be the same one."""
        return Random(f"{self._header.seed} {plan.runbook}").choice((CONTROL, TREATMENT))  # noqa: S311  no secret

    def _record(self, plan: LoadPlan, event: SideEvent, *, sync: bool) -> None:
        try:
            self._journal.write(replace(event, drill=plan.runbook), sync=sync)
        except JournalError:
            self._broken = True
            raise

    def _await_decision(self, plan: LoadPlan, load: DuetLoad) -> None:
        ends_s = load.starts_s + self._header.budget_s + SETTLE_S
        shown_s = load.starts_s
        while now_s() < ends_s and not (now := self._result(plan)).decided:
            self._check(load)
            if now_s() >= shown_s + PROGRESS_S:
                shown_s = now_s()
                self._notify(show_progress(now))
            self._stop.wait(WAKE_S)

    def _result(self, plan: LoadPlan) -> ScenarioResult:
        while not self._inbox.empty():
            self._judge.add(self._inbox.get())
        return self._judge.scenario(plan.runbook)

    def _check(self, load: DuetLoad) -> None:
        if self._stop.is_set():
            raise Interrupted("interrupted before the comparison was decided")
        if load.lost:
            raise ComparisonError(f"nothing can be compared: {load.lost}")
        if self._broken:
            raise JournalError(f"{self._journal.path}: the record cannot be written; nothing was compared")


def run_started(platform: str, bindings: Path, plans: tuple[LoadPlan, ...]) -> RunStarted:
    """The first event of a comparison's record."""
    return RunStarted(document="", bindings=str(bindings), platform=platform, drills=tuple(p.runbook for p in plans))

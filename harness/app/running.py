"""Use case `run`: drill every runbook of a document, and judge it."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from harness.app.alert_rules import rules_of_plan
from harness.app.checks import part_problems, refusals
from harness.app.handling import Handling, handling_of
from harness.app.history import keep
from harness.app.load import make_load
from harness.app.members import DEFAULT_PLATFORM, file_formats, make_provider, options_for
from harness.app.monitoring import (
    MonitoringChoice,
    listeners_of,
    log_problems,
    monitoring_problems,
    pod_environment,
    shipped_dashboards,
    systems_of,
)
from harness.app.notifying import notifications
from harness.app.planning import PlanRequest, read_plan
from harness.app.platforms import PlatformChoice
from harness.app.reporting import RECORD, ReportRequest, report, write_files
from harness.app.run_directory import make_run_directory
from harness.bindings import SequentialControl
from harness.errors import BindingError, GamedayError, Interrupted, MachineError, PlatformError
from harness.faults.factory import make_fault
from harness.gameday.admission import Admission, AutomaticJobs, FixedJobs
from harness.gameday.drilling import Members
from harness.gameday.headers import Draw
from harness.gameday.judging import LiveJudges
from harness.gameday.run import run_gameday
from harness.listeners.progress import ReadJudge
from harness.load.base import Load
from harness.machine import run_registry
from harness.observability.monitor import Systems
from harness.plan import DrillPlan, GamedayPlan, check
from harness.platforms.base import Platform, Provider
from harness.record.journal import Journal
from harness.record.listener import Listener, ListenerThread
from harness.verdict.gameday import GamedayResult
from harness.verdict.state import CREDIT_ALPHA, STRICT_CREDIT_ALPHA

Notify: TypeAlias = Callable[[str], None]
"""Takes one line of text about the progress."""
ListenerFactory: TypeAlias = Callable[[ReadJudge], Listener]
"""Returns a function that takes every event of a run; it is called in a thread of its own, so it may block."""


@dataclass(frozen=True)
class RunRequest:
    """What to run, and where."""

    plan: PlanRequest
    platform: PlatformChoice = field(default_factory=PlatformChoice)
    jobs: int | None = None
    """How many drills to run in parallel, each on its own platforms; fewer where the platform cannot run so many.

    None: as many as the machine has room for, by its idle processors and its free memory.
    """
    out: Path | None = None
    """The run directory; None: `runs/<time>`."""
    seed: int | None = None
    """Seed of the draw which side of each drill comes first; None: a random one, which the record keeps."""
    strict: bool = False
    """Whether a recovery needs a probability of self-healing of at most 1 % instead of 10 %."""
    responder: str = "runbook"
    """Who handles the incidents: a registered name, or the command line of a program."""
    steady_s: float = 0.0
    """Shortest baseline phase, in seconds: regressions are judged by its latencies."""
    history: Path | None = None
    """The history to add the run to; None: none."""
    monitoring: MonitoringChoice = field(default_factory=MonitoringChoice)
    """The monitoring systems to start and to ask."""
    notify: tuple[str, ...] = ()
    """The systems to notify of alerts, each as FORMAT=URL."""


@dataclass(frozen=True)
class RunResult:
    """The result, and the directory with the record and the report files."""

    folder: Path
    gameday: GamedayResult
    notes: tuple[str, ...] = ()
    """What went wrong apart from the verdict."""


def run(
    request: RunRequest,
    *,
    notify: Notify = lambda line: None,
    listeners: Sequence[ListenerFactory] = (),
    stop: threading.Event | None = None,
) -> RunResult:
    """Run the drills, write record and report files, and return the result; the verdicts are computed from the record.

    `stop` ends the run early: everything is reverted, and drills that had started are inconclusive. Raises Interrupted
    when it was set before the first drill, and another GamedayError when the run cannot start: then nothing has run.
    """
    plan = read_plan(request.plan)
    check(plan)
    handling = handling_of(request.responder, plan)
    return run_plan(handling.lengthened(plan), request, handling, notify=notify, listeners=listeners, stop=stop)


def run_plan(
    plan: GamedayPlan,
    request: RunRequest,
    handling: Handling,
    *,
    notify: Notify,
    listeners: Sequence[ListenerFactory],
    stop: threading.Event | None,
    adapt: Callable[[GamedayPlan, Members], Members] = lambda plan, members: members,
) -> RunResult:
    """Run the drills of a plan, whose incidents are handled in this way; as `run` in all else.

    `adapt` replaces members of the families, such as what generates the load.
    """
    notified = notifications(request.notify)
    provider = make_provider(
        request.platform.name or DEFAULT_PLATFORM, options_for(plan.bindings, request.platform.options)
    )
    systems = _systems(plan, request.monitoring)
    _check_parts(plan, provider, request, systems)
    provider.check()
    watching = tuple(listeners_of(request.monitoring, os.environ, notify))
    members, formats = adapt(plan, _members(plan, provider, request, handling, systems)), file_formats()
    admission, out = _admission(request.jobs, provider, plan.bindings.control, notify), make_run_directory(request.out)
    names = "hidden" if handling.hidden else ", ".join(drill.runbook.id for drill in plan.drills)
    notify(f"{plan.document.path}: {names}; record in {out}")
    stop = stop or threading.Event()
    announce = _Announce(stop, notify)
    with (
        run_registry.registered(out),
        _recording(out / RECORD, (*listeners, *watching, lambda judge: notified)) as (journal, judges),
        _interruptible(stop),
        provider.session(out, announce),
    ):
        announce.interruptible = False
        run_gameday(plan, members, journal, judges, out, admission, stop)
    result = report(ReportRequest(out))
    write_files(result, formats, out)
    return RunResult(out, result, (*_keep(out, result, request.history), *notified.close()))


def _keep(out: Path, result: GamedayResult, file: Path | None) -> Iterator[str]:
    """Add the run to the history; yields why that failed, which must change neither verdict nor report."""
    if file is None:
        return
    try:
        keep(out, file, result)
    except Exception as error:
        why = str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}"
        yield f"the run is not in the history: {why}; `gameday history add {out}` adds it"


@contextmanager
def _recording(record: Path, listeners: Sequence[ListenerFactory]) -> Iterator[tuple[Journal, LiveJudges]]:
    """A new record, its judges, and its listeners in threads of their own; closed at the end, the record first."""
    journal, judges = Journal(record), LiveJudges()
    journal.deliver_to(judges.put)
    threads = [ListenerThread(journal, factory(judges.of)) for factory in listeners]
    try:
        yield journal, judges
    finally:
        journal.close()
        for thread in threads:
            thread.close()


def _check_parts(plan: GamedayPlan, provider: Provider, request: RunRequest, systems: Systems | None) -> None:
    """Raises BindingError with every wrong name, every fault that the platform cannot apply, and every condition that
    no monitoring system answers."""
    workers = request.platform.options.load_in_cluster
    of_logs = log_problems(plan, systems.loki, provider.name) if systems and systems.loki else ()
    of_monitoring = monitoring_problems(plan, request.monitoring, provider.name)
    found = chain(part_problems(plan, workers), refusals(plan, provider), of_monitoring, of_logs)
    if problems := list(dict.fromkeys(map(str, found))):
        raise BindingError("\n".join(problems))


def _members(
    plan: GamedayPlan, provider: Provider, request: RunRequest, handling: Handling, systems: Systems | None
) -> Members:
    workers = request.platform.options.load_in_cluster

    def load(drill: DrillPlan, platform: Platform, folder: Path) -> Load:
        return make_load(drill, platform, folder, plan.bindings.path.parent, workers, handling.load_settings)

    seed = request.seed if request.seed is not None else secrets.randbelow(2**31)
    draw = Draw(seed, STRICT_CREDIT_ALPHA if request.strict else CREDIT_ALPHA)
    return Members(
        provider.name,
        provider.create,
        provider.containers,
        load,
        make_fault,
        handling.responder,
        handling.limits(request.steady_s),
        draw,
        handling.hidden,
        (handling.beside,) if handling.beside else (),
        systems,
        pod_environment(provider.name, plan.bindings, os.environ),
    )


def _systems(plan: GamedayPlan, choice: MonitoringChoice) -> Systems | None:
    bindings = plan.bindings
    return systems_of(choice, rules_of_plan(plan), shipped_dashboards(bindings), bindings.log_selector)


def _admission(wanted: int | None, provider: Provider, control: SequentialControl | None, notify: Notify) -> Admission:
    """How many drills may run in parallel: as many as wanted, or as the platform supports.

    One where something exists once, because two drills would share it.
    """
    limit, who = provider.max_parallel_drills, provider.name
    if control and control.place:
        limit, who = 1, f"a sequential control ({control.why})"
    if wanted is None:
        return AutomaticJobs(platforms=1 if control else 2) if limit is None else FixedJobs(limit)
    if limit is None or wanted <= limit:
        return FixedJobs(wanted)
    notify(f"{who} runs {limit} drill{'' if limit == 1 else 's'} at a time; using --jobs {limit}")
    return FixedJobs(limit)


class _Announce:
    """Passes on lines about the platform. While it is being created, each line is also a point of interruption."""

    def __init__(self, stop: threading.Event, notify: Notify) -> None:
        self._stop, self._notify = stop, notify
        self.interruptible = True

    def __call__(self, line: str) -> None:
        if self.interruptible and self._stop.is_set():
            raise _interrupted()
        self._notify(line)


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[None]:
    """Turns errors after `stop` into Interrupted: Ctrl-C also ends the programs that create the platform."""
    try:
        yield
    except (PlatformError, MachineError):
        if not stop.is_set():
            raise
        raise _interrupted() from None


def _interrupted() -> Interrupted:
    return Interrupted("interrupted while the platform was being created; no drill has run")

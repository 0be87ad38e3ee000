"""`gameday run`: the main job."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness import bindings
from harness.cli.platforms import announce, chosen
from harness.cli.report import FORMS, RECORD, result_of
from harness.drill import Limits
from harness.errors import DocumentError, Interrupted, MachineError, PlatformError
from harness.faults.factory import make_fault
from harness.gameday.judging import LiveJudges
from harness.gameday.run import Members, run_gameday
from harness.listeners.progress import Live
from harness.listeners.screen import own_stderr
from harness.load.base import Load
from harness.load.job import JobLoad, check_shared, runs_jobs
from harness.load.worker import WorkerLoad, find_scenario
from harness.plan import DrillPlan, GamedayPlan, check, make_plan
from harness.platforms.base import Platform, Provider
from harness.record.journal import Journal
from harness.record.listener import ListenerThread
from harness.responders.runbook import RunbookResponder
from harness.runbook import nothing_to_test, read

SEED = 1
LEFT = {"result.json": "json", "summary.md": "markdown", "junit.xml": "junit"}
"""What a run leaves beside its record, and which form each is in."""


def run(options: argparse.Namespace) -> int:
    """Read, check, run, judge; the exit code is the worst drill's."""
    plan = read_plan(options.runbook, options.bindings, options.only)
    check(plan)
    _check_parts(plan, options.load_in_cluster)
    maker = chosen(options)
    maker.check()
    out = _run_directory(options.out)
    journal, judges = Journal(out / RECORD), LiveJudges()
    journal.deliver_to(judges.put)
    display: ListenerThread | None = None
    if not options.quiet:
        names = ", ".join(drill.runbook.id for drill in plan.drills)
        sys.stderr.write(f"gameday: {plan.document.path}: {names}; record in {out}\n")
        live = Live(judges.of, own_stderr(), shutil.get_terminal_size((160, 40)).columns)
        display = ListenerThread(journal, live)
    stop = threading.Event()
    say = _Progress(stop, options.quiet)
    members, jobs = _members(plan, maker, options.load_in_cluster), _jobs(options.jobs, maker)
    try:
        with _interruptible(stop), maker.session(out, say):
            say.making = False
            run_gameday(plan, members, journal, judges, out, jobs, stop)
    finally:
        journal.close()
        if display:
            display.close()
    return _conclude(out, options.format)


@contextmanager
def _interruptible(stop: threading.Event) -> Iterator[None]:
    """What breaks once the end was asked for breaks because of it: Ctrl-C also hits what is just being made."""
    with _signals(stop):
        try:
            yield
        except (PlatformError, MachineError):
            if not stop.is_set():
                raise
            raise Interrupted("interrupted while the platform was being made: nothing was drilled") from None


def read_plan(runbook: Path, named: Path | None, only: list[str]) -> GamedayPlan:
    """Document and bindings, put together; raises DocumentError when there is nothing to test."""
    document = read(runbook)
    nothing = nothing_to_test(document)
    if nothing:
        raise DocumentError(f"{runbook}: nothing to test: {nothing}; `gameday show {runbook}` says what was read")
    return make_plan(document, bindings.load(bindings.find(runbook, named)), only)


def _check_parts(plan: GamedayPlan, workers: int | None) -> None:
    """Raises GamedayError for a scenario that is not there, and for a fault that cannot be what the bindings say."""
    for drill in plan.drills:
        if drill.binding:
            find_scenario(drill.binding.scenario, plan.bindings.path.parent)
            if workers:
                check_shared(drill.binding.scenario, drill.binding.rate, workers)
            for spec in plan.bindings.faults[drill.binding.fault]:
                make_fault(spec)


def _run_directory(named: Path | None) -> Path:
    out = named or Path("runs") / time.strftime("%Y-%m-%dT%H-%M-%S")
    if (out / RECORD).exists():
        raise MachineError(f"{out}: holds the record of another run; name another directory by --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MachineError(f"{out}: cannot be made ({error.strerror}); name another directory by --out") from None
    return out.resolve()


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM ask for the end; everything is taken back before it comes."""
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Progress:
    """Tells of the platform. While it is being made, each line is a place to leave where the end was asked for."""

    def __init__(self, stop: threading.Event, quiet: bool) -> None:
        self._stop, self._quiet = stop, quiet
        self.making = True

    def __call__(self, line: str) -> None:
        if self.making and self._stop.is_set():
            raise Interrupted("interrupted while the platform was being made: nothing was drilled")
        if not self._quiet:
            announce(line)


def _jobs(wanted: int, maker: Provider) -> int:
    """As many drills side by side as are wanted and the platform holds; says so where these are fewer."""
    if maker.max_parallel_drills is None or wanted <= maker.max_parallel_drills:
        return wanted
    announce(f"--jobs {wanted}: the {maker.name} platform holds {maker.max_parallel_drills} at a time")
    return maker.max_parallel_drills


def _members(plan: GamedayPlan, maker: Provider, workers: int | None) -> Members:
    def make_load(drill: DrillPlan, platform: Platform, folder: Path) -> Load:
        assert drill.binding is not None
        settings, log = _settings(drill, platform), folder / "load.log"
        if workers and runs_jobs(platform):
            service = drill.binding.service  # from within it has its own name
            inside = {**settings, "GAMEDAY_HOST": f"http://{service}:{platform.services()[service][0]}"}
            return JobLoad(drill.binding.scenario, inside, workers, platform, log)
        scenario = find_scenario(drill.binding.scenario, plan.bindings.path.parent)
        return WorkerLoad(scenario, settings, log)

    return Members(maker.name, maker.create, make_load, make_fault, RunbookResponder(), Limits())


def _settings(drill: DrillPlan, platform: Platform) -> dict[str, str]:
    binding = drill.binding
    assert binding is not None
    limits = {condition.over_ms for condition in drill.conditions if condition.over_ms is not None}
    thresholds = sorted(limits) or [500.0]
    settings = {
        "GAMEDAY_HOST": platform.url(binding.service),
        "GAMEDAY_SEED": str(SEED),
        "GAMEDAY_THRESHOLDS_MS": ",".join(f"{ms:g}" for ms in thresholds),
    }
    return settings if binding.rate is None else {**settings, "GAMEDAY_RATE": f"{binding.rate:g}"}


def _conclude(out: Path, form: str) -> int:
    """The verdicts come from the record alone, as `gameday report` would give them."""
    result = result_of(out)
    for name, told in LEFT.items():
        partial = out / f".{name}"
        partial.write_text(FORMS[told](result), encoding="utf-8")
        os.replace(partial, out / name)
    sys.stdout.write(FORMS[form](result))
    return result.exit_code

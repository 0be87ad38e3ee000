"""Use case `regress`: judge P95 of a run against pinned baselines; an alarm is confirmed by re-runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.app.planning import PlanRequest
from harness.app.platforms import PlatformChoice
from harness.app.running import Notify, RunRequest, RunResult, run
from harness.app.writing import write_page
from harness.errors import FAILED, INCONCLUSIVE, PASSED, MachineError
from harness.history import DEFAULT_HISTORY
from harness.history.baseline import Baseline
from harness.history.entry import RunEntry
from harness.history.profile import measured
from harness.history.regression import RERUNS, Case, Judgement, Outcome
from harness.history.store import history
from harness.machine.environment import environment
from harness.plan import Start
from harness.platforms.base import PlatformOptions
from harness.report.pages.regression import to_html

Rerun = Callable[[RunRequest], RunResult]
"""Runs drills; `app.run`, or a substitute of a test."""


@dataclass(frozen=True)
class RegressRequest:
    """Which run to judge, by number or folder (None: the newest), and which scenario of it (None: each)."""

    file: Path = DEFAULT_HISTORY
    run: str | None = None
    scenario: str | None = None
    rerun: bool = True
    """Whether an alarm is confirmed by re-runs."""
    options: PlatformOptions = field(default_factory=PlatformOptions)
    """Of the re-runs; they are not in the history."""


@dataclass(frozen=True)
class RegressResult:
    """One judgement per scenario; `why`: why nothing was judged, or empty."""

    judgements: tuple[Judgement, ...]
    why: str = ""

    @property
    def exit_code(self) -> int:
        """1 a scenario regressed, 3 one could not be judged, or none could, 0 none of them regressed."""
        outcomes = [each.outcome for each in self.judgements]
        if Outcome.REGRESSED in outcomes:
            return FAILED
        return PASSED if outcomes and Outcome.NOT_COMPARABLE not in outcomes else INCONCLUSIVE


def regress(
    request: RegressRequest,
    *,
    notify: Notify = lambda line: None,
    stop: threading.Event | None = None,
    rerun: Rerun | None = None,
) -> RegressResult:
    """Judge the first series of each scenario of a run. Raises HistoryError when the history cannot be read.

    Each re-run is a run of its own: it writes a run directory, and is added to the history.
    """
    if not request.file.exists():
        return RegressResult((), f"no baseline: there is no history {request.file}; `gameday run` writes it")
    judged, baselines = _read(request)
    if judged is None:
        return RegressResult((), f"{request.file}: the history has no run; `gameday run` adds one")
    loads = measured(judged, request.scenario)
    if not loads:
        return RegressResult((), f"run {judged.number} has no load of {request.scenario or 'any scenario'} to judge")
    cases = [Case(each, baselines, len(loads)) for each in loads]
    if request.rerun and any(case.undecided for case in cases):
        _check_code(judged)
        _confirm(request, judged, cases, notify, rerun or (lambda wanted: run(wanted, notify=notify, stop=stop)))
    return RegressResult(tuple(case.judgement for case in cases))


def write_regression_page(found: RegressResult, file: Path) -> Path:
    """Write the page of these judgements, and return its path. Raises MachineError when it cannot be written."""
    return write_page(to_html(found.judgements, found.why), file)


def _confirm(request: RegressRequest, judged: RunEntry, cases: Sequence[Case], notify: Notify, rerun: Rerun) -> None:
    """Re-run the scenarios that alarm, until each is decided."""
    while pending := [case for case in cases if case.undecided]:
        names, number = ", ".join(case.scenario for case in pending), len(pending[0].runs)
        notify(f"P95 of {names} is higher than the baseline explains; re-run {number} of at most {RERUNS}")
        done = rerun(_rerun_request(request, judged, {case.scenario for case in pending}))
        with history(request.file) as opened:
            new = opened.run(str(done.folder))
        for case in pending:
            _add_rerun(case, new)


def _add_rerun(case: Case, new: RunEntry) -> None:
    """Add a re-run to a case. Raises MachineError if it came to no steady window: then it decides nothing."""
    found = measured(new, case.scenario)
    if not found:
        fact = f"run {new.number}, a re-run, has no steady window of the scenario {case.scenario}"
        raise MachineError(f"{fact}; its verdict says why, and `gameday regress --no-rerun` judges without it")
    case.add(found[0])


def _read(request: RegressRequest) -> tuple[RunEntry | None, list[Baseline]]:
    with history(request.file) as opened:
        judged = opened.run(request.run) if request.run else next(opened.runs(), None)
        return judged, opened.baselines()


def _check_code(judged: RunEntry) -> None:
    """Raise MachineError if the working directory is not the code that was judged."""
    here = environment(Path.cwd())
    if (here.revision, here.dirty) != (judged.revision, judged.dirty):
        found = f"{here.revision[:12] or 'no revision'}{' with changes' if here.dirty else ''}"
        was = f"{judged.revision[:12] or 'no revision'}{' with changes' if judged.dirty else ''}"
        fact = f"run {judged.number} alarms, and cannot be repeated here: it ran {was}, and this is {found}"
        raise MachineError(f"{fact}; check that revision out, or judge without re-runs (--no-rerun)")


def _rerun_request(request: RegressRequest, judged: RunEntry, scenarios: set[str]) -> RunRequest:
    """The same run again; drills that shared the machine are repeated together."""
    jobs = max(load.parallel for load in judged.loads)
    only = tuple(each.runbook for each in judged.drills if jobs > 1 or each.scenario in scenarios)
    sequential = any(load.sides == 1 for load in judged.loads)
    plan = PlanRequest(Path(judged.document), Path(judged.bindings), only, Start(judged.start), sequential)
    platform = PlatformChoice(judged.platform, request.options)
    return RunRequest(plan, platform, jobs, steady_s=judged.steady_s, history=request.file)

"""Use case `regress`: judge P95 of a run against pinned baselines; an alarm is confirmed by re-runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.app.planning import PlanRequest
from harness.app.platforms import PlatformChoice
from harness.app.running import Notify, RunRequest, RunResult, run
from harness.errors import FAILED, INCONCLUSIVE, PASSED, MachineError
from harness.history import DEFAULT_HISTORY
from harness.history.baseline import Baseline
from harness.history.entry import RunEntry
from harness.history.profile import Measured, measured
from harness.history.regression import RERUNS, Judgement, Outcome, judge
from harness.history.store import history
from harness.machine.environment import environment
from harness.plan import Start
from harness.platforms.base import PlatformOptions

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
    cases = [_Case([each], baselines) for each in measured(judged, request.scenario)]
    if not cases:
        return RegressResult((), f"run {judged.number} has no load of {request.scenario or 'any scenario'} to judge")
    for case in cases:
        case.judge(len(cases))
    if request.rerun and any(case.undecided for case in cases):
        _check_code(judged)
        _confirm(request, judged, cases, notify, rerun or (lambda wanted: run(wanted, notify=notify, stop=stop)))
    return RegressResult(tuple(case.judgement for case in cases))


class _Case:
    """One scenario: the judged run, its re-runs, and what the mean of them says."""

    def __init__(self, runs: list[Measured], baselines: Sequence[Baseline]) -> None:
        self.runs, self._baselines = runs, baselines
        self.scenario = runs[0].load.scenario
        self.judgement: Judgement
        self._alarmed = False

    def judge(self, share: int) -> None:
        """Judge the mean of all runs so far."""
        self.judgement = judge(self.runs, self._baselines, share)
        self._alarmed = self._alarmed or self.judgement.outcome is Outcome.REGRESSED

    @property
    def undecided(self) -> bool:
        """Whether the judged run alone alarms, and no mean confirms it yet."""
        return self._alarmed and (len(self.runs) == 1 or self.judgement.outcome is Outcome.NO_ALARM)


def _confirm(request: RegressRequest, judged: RunEntry, cases: Sequence[_Case], notify: Notify, rerun: Rerun) -> None:
    """Re-run the scenarios that alarm, until the mean of their runs alarms as well, or RERUNS times.

    Looking after each re-run keeps α: only an alarm of the judged run alone can be confirmed.
    """
    for number in range(1, RERUNS + 1):
        pending = [case for case in cases if case.undecided]
        if not pending:
            return
        names = ", ".join(case.scenario for case in pending)
        notify(f"P95 of {names} is higher than the baseline explains; re-run {number} of at most {RERUNS}")
        done = rerun(_rerun_request(request, judged, {case.scenario for case in pending}))
        with history(request.file) as opened:
            new = opened.run(str(done.folder))
        for case in pending:
            case.runs += measured(new, case.scenario)
            case.judge(len(cases))


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
    only = tuple(each.runbook for each in judged.drills if judged.parallel > 1 or each.scenario in scenarios)
    plan = PlanRequest(Path(judged.document), Path(judged.bindings), only, Start(judged.start))
    platform = PlatformChoice(judged.platform, request.options)
    return RunRequest(plan, platform, judged.jobs, steady_s=judged.steady_s, history=request.file)

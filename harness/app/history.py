"""Use cases of the history: keep a run, list and remove runs, pin baselines."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from harness.app.reporting import RECORD, ReportRequest, report
from harness.app.writing import write_page
from harness.history import DEFAULT_HISTORY
from harness.history.baseline import Baseline, Choice, choose
from harness.history.collect import Collector
from harness.history.database import HistoryError
from harness.history.entry import RunEntry
from harness.history.profile import Measured, measured
from harness.history.store import History, history
from harness.history.trend import Trend, trend_of
from harness.record.journal import read_events
from harness.report.pages.history import to_html
from harness.verdict.gameday import GamedayResult

DAY_S = 86400.0


@dataclass(frozen=True)
class HistoryRequest:
    """Which history, and which of its runs; None: all."""

    file: Path = DEFAULT_HISTORY
    scenario: str | None = None
    platform: str | None = None
    verdict: str | None = None
    revision: str | None = None
    """The beginning of a git revision."""
    last: int | None = None
    """The newest so many."""


@dataclass(frozen=True)
class HistoryResult:
    """Runs, newest first, and the baselines that are pinned."""

    runs: tuple[RunEntry, ...]
    baselines: tuple[Baseline, ...]


@dataclass(frozen=True)
class PruneRequest:
    """Which runs stay: the newest `keep`, and those younger than `days`; None: none for that reason."""

    file: Path = DEFAULT_HISTORY
    keep: int | None = None
    days: float | None = None


@dataclass(frozen=True)
class PinRequest:
    """Which runs to pin, by number or folder; none: the newest ones like the newest run. `scenario` None: each."""

    file: Path = DEFAULT_HISTORY
    runs: tuple[str, ...] = ()
    scenario: str | None = None


@dataclass(frozen=True)
class BaselineRequest:
    """Which baselines; `scenario` None: all."""

    file: Path = DEFAULT_HISTORY
    scenario: str | None = None


@dataclass(frozen=True)
class TrendRequest:
    """Which history, and which scenario of it; None: each."""

    file: Path = DEFAULT_HISTORY
    scenario: str | None = None


def keep(folder: Path, file: Path, result: GamedayResult | None = None) -> int:
    """Add a run to the history, from its record; returns its number. `result`: if it is known already."""
    result = result or report(ReportRequest(folder))
    collector = Collector()
    for event in read_events(folder / RECORD):
        collector.add(event)
    entry = collector.entry(result, str(folder.resolve()))
    with history(file, create=True) as opened:
        return opened.add(entry)


def list_runs(request: HistoryRequest) -> HistoryResult:
    """The runs of a history that the request asks for."""
    with history(request.file) as opened:
        runs = [run for run in opened.runs() if _wanted(run, request)]
        return HistoryResult(tuple(runs[: request.last]), tuple(opened.baselines()))


def write_history_page(found: HistoryResult, file: Path) -> Path:
    """Write the page of these runs, and return its path. Raises MachineError when it cannot be written."""
    return write_page(to_html(found.runs, found.baselines), file)


def _wanted(run: RunEntry, request: HistoryRequest) -> bool:
    return (
        request.scenario in (None, *(drill.scenario for drill in run.drills))
        and request.platform in (None, run.platform)
        and request.verdict in (None, run.verdict.value)
        and run.revision.startswith(request.revision or "")
    )


def prune(request: PruneRequest, now_s: float | None = None) -> int:
    """Remove old runs, but none of a baseline; returns how many."""
    now_s = time.time() if now_s is None else now_s
    with history(request.file) as opened:
        pinned = frozenset[int]().union(*(baseline.numbers for baseline in opened.baselines()))
        old = [
            run.number
            for place, run in enumerate(opened.runs())
            if run.number not in pinned
            and not (request.keep is not None and place < request.keep)
            and not (request.days is not None and now_s - run.started_s < request.days * DAY_S)
        ]
        opened.remove(old)
    return len(old)


def pin(request: PinRequest, now_s: float | None = None) -> tuple[Choice, ...]:
    """Pin a baseline for each scenario that has enough runs; the choices say which runs, and why not others."""
    with history(request.file) as opened:
        choices = [choose(group, _standing(opened, group)) for group in _candidates(opened, request)]
        if not choices:
            what = f" with the scenario {request.scenario}" if request.scenario else ""
            raise HistoryError(f"{request.file}: there is no run{what}; `gameday history` lists them")
        for choice in choices:
            if not choice.why:
                opened.pin(choice.runs, time.time() if now_s is None else now_s)
    return tuple(choices)


def _candidates(opened: History, request: PinRequest) -> list[list[Measured]]:
    """What can be pinned together, newest first: by profile; without named runs, the profiles of the newest run."""
    if request.runs:
        named = sorted((opened.run(name) for name in request.runs), key=lambda run: -run.started_s)
        found = [each for run in named for each in measured(run, request.scenario)]
        return [list(group) for _, group in groupby(sorted(found, key=_profile), key=_profile)]
    found = [each for run in opened.runs() for each in measured(run, request.scenario)]
    newest = {each.profile.scenario: each.profile for each in reversed(found)}
    return [[each for each in found if each.profile == profile] for profile in newest.values()]


def _profile(each: Measured) -> str:
    return each.profile.text()


def _standing(opened: History, group: Sequence[Measured]) -> Baseline | None:
    return next((pinned for pinned in opened.baselines() if pinned.profile == group[0].profile), None)


def trend(request: TrendRequest) -> tuple[Trend, ...]:
    """The changes of P95 in the runs like the newest one, by scenario. Raises MachineError without the extra."""
    with history(request.file) as opened:
        return tuple(trend_of(group) for group in _candidates(opened, PinRequest(request.file, (), request.scenario)))


def show_baselines(request: BaselineRequest) -> tuple[Baseline, ...]:
    """The pinned baselines."""
    with history(request.file) as opened:
        return _pinned(opened, request)


def unpin(request: BaselineRequest) -> tuple[Baseline, ...]:
    """Remove baselines, and return them; their runs stay. Raises HistoryError if there is none."""
    with history(request.file) as opened:
        found = _pinned(opened, request)
        if not found:
            raise HistoryError(f"{request.file}: no such baseline is pinned; `gameday baseline show` lists them")
        opened.unpin([each.profile for each in found])
        return found


def _pinned(opened: History, request: BaselineRequest) -> tuple[Baseline, ...]:
    return tuple(each for each in opened.baselines() if request.scenario in (None, each.profile.scenario))

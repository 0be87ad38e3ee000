"""Use case `report`: judge the record of a run, and present the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from harness.app import writing
from harness.app.members import REPORTS
from harness.record.comparison import ComparisonStarted
from harness.record.event import Event
from harness.record.journal import JournalError, read_events
from harness.report.base import ReportFormat
from harness.verdict.gameday import GamedayResult, judge_record

RECORD = "record.jsonl"
_R = TypeVar("_R")


@dataclass(frozen=True)
class ReportRequest:
    """`run` is a run directory or its record."""

    run: Path


def report(request: ReportRequest) -> GamedayResult:
    """Judge a run from its record alone. Raises JournalError when the record cannot be read or judged."""
    return judged(request.run, judge_record, "gameday")


def judged(run: Path, judge: Callable[[Iterator[Event]], _R], what: str) -> _R:
    """What `judge` makes of a record, which has to be that of a `what`. Raises JournalError."""
    path = record_of(run)
    try:
        return judge(read_events(path))
    except (ValueError, LookupError, TypeError, ArithmeticError) as error:
        raise JournalError(f"{path}: not the record of a {what} ({error}); name a run directory") from None


def record_of(run: Path) -> Path:
    """The record of a run that is named by its directory or by the record itself."""
    return run / RECORD if run.is_dir() else run


def folder_of(run: Path) -> Path:
    """The directory of a run that is named by its directory or by its record."""
    return run if run.is_dir() else run.parent


def is_comparison(run: Path) -> bool:
    """Whether a record is that of a comparison. Raises JournalError when it cannot be read."""
    events = read_events(record_of(run))
    return any(isinstance(event, ComparisonStarted) for event, _ in zip(events, range(2), strict=False))


def render(result: GamedayResult, format_name: str = "text") -> str:
    """The result in a registered format. Raises RegistryError for an unknown one."""
    return REPORTS.load(format_name).render(result)


def write_page(result: GamedayResult, request: ReportRequest) -> Path:
    """Write report.html into the run directory, and return its path. Raises MachineError when it cannot be written."""
    page = REPORTS.load("html")
    return writing.write_page(page.render(result), folder_of(request.run) / str(page.file_name))


def write_files(result: GamedayResult, formats: Sequence[ReportFormat], folder: Path) -> None:
    """Write the result's files into the run directory. Each appears complete or not at all."""
    for each in formats:
        writing.write_whole(each.render(result), folder / str(each.file_name))

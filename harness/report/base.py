"""Contract of a report format. Members are registered as entry points of the group `gameday.reports`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harness.verdict.gameday import GamedayResult


@dataclass(frozen=True)
class ReportFormat:
    """One way to present a result. The entry point refers to an instance, and has its name."""

    name: str
    """What `--format` takes."""
    file_name: str | None
    """The file that a run writes in this format into its directory; None: no file."""
    render: Callable[[GamedayResult], str]
    """Returns the whole text, with a newline at its end. Pure: the same result gives the same text."""

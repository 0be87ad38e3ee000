"""`gameday report`: the same verdict again, from the record alone."""

from __future__ import annotations

import sys
from pathlib import Path

from harness.record.journal import JournalError, read_events
from harness.report.json_report import to_json
from harness.report.junit import to_junit
from harness.report.markdown import to_markdown
from harness.report.text import to_text
from harness.verdict.gameday import GamedayResult, judge_record

RECORD = "record.jsonl"
FORMS = {"text": to_text, "json": to_json, "junit": to_junit, "markdown": to_markdown}
"""How a result can be told: each takes it and returns the whole text."""


def result_of(run: Path) -> GamedayResult:
    """Judge the record of a run directory; raises JournalError where there is none or it holds no gameday."""
    path = run / RECORD if run.is_dir() else run
    try:
        return judge_record(list(read_events(path)))
    except (ValueError, KeyError, TypeError) as error:
        raise JournalError(f"{path}: this is no record of a gameday ({error}); name a run directory") from None


def report(run: Path, form: str) -> int:
    """Print the result; exit code as the run's."""
    result = result_of(run)
    sys.stdout.write(FORMS[form](result))
    return result.exit_code

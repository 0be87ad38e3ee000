"""The outcome of a test from the result of its drills."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.app import RunResult
from harness.verdict.result import DrillResult, Verdict


def check(result: RunResult, runbook: Path, *, allow_inconclusive: bool) -> None:
    """Fail the test unless every drill passed; skip it if they are inconclusive at worst and that is allowed."""
    verdict = result.gameday.verdict
    if verdict is Verdict.PASSED:
        return
    if verdict is Verdict.INCONCLUSIVE and allow_inconclusive:
        pytest.skip(f"inconclusive: {result.gameday.cause}")
    pytest.fail("\n".join(_lines(result, runbook)), pytrace=False)


def _lines(result: RunResult, runbook: Path) -> Iterator[str]:
    yield f"{result.gameday.verdict.value}: {result.gameday.cause}"
    for drill in result.gameday.drills:
        if drill.verdict is not Verdict.PASSED:
            yield from _drill(drill, runbook)
    yield f"evidence: {result.folder / 'report.html'}"


def _drill(drill: DrillResult, runbook: Path) -> Iterator[str]:
    yield f"{runbook}:{drill.line}: {drill.runbook} {drill.verdict.value}: {drill.cause}"
    yield from (f"  {reason}" for reason in drill.why)

"""The outcome of a test from the result of its drills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from harness.app import RunResult
from harness.verdict.result import Verdict


def check(result: RunResult, runbook: str, *, allow_inconclusive: bool) -> None:
    """Fail the test unless every drill passed; skip it if they are inconclusive at worst and that is allowed.

    `runbook` is the document as the message names it.
    """
    verdict = result.gameday.verdict
    if verdict is Verdict.PASSED:
        return
    if verdict is Verdict.INCONCLUSIVE and allow_inconclusive:
        pytest.skip(f"inconclusive: {result.gameday.cause}")
    pytest.fail("\n".join(_lines(result, runbook)), pytrace=False)


def _lines(result: RunResult, runbook: str) -> Iterator[str]:
    """The worst drill first, as the first line is what pytest's summary shows; then where the evidence is."""
    drills = [drill for drill in result.gameday.drills if drill.verdict is not Verdict.PASSED]
    for drill in sorted(drills, key=lambda drill: drill.verdict is not Verdict.FAILED):
        yield f"{runbook}:{drill.line}: {drill.runbook} {drill.verdict.value}: {drill.cause}"
        yield from (f"  also: {reason}" for reason in drill.why[1:])
    if not drills:
        yield f"{runbook}: {result.gameday.verdict.value}: {result.gameday.cause}"
    yield f"evidence: {result.folder / 'report.html'}"

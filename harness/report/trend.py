"""The changes of P95 in a history, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.history.trend import FALSE_ALARMS, LEAST_RUNS, ChangePoint, P, Trend
from harness.report.format import as_json, printable
from harness.report.history import profile_text, revision, when


def to_text(trends: Sequence[Trend]) -> str:
    """One block per scenario, with a line for each change; then how often there is one without a cause."""
    lines = [line for each in trends for line in _lines(each)]
    about = f"Change points by Apache Otava at p < {P:g}; a report, no verdict: {FALSE_ALARMS}."
    return printable("".join(f"{line}\n" for line in [*lines, about]))


def _lines(trend: Trend) -> Iterator[str]:
    yield profile_text(trend.profile)
    if len(trend.runs) < LEAST_RUNS:
        yield f"  {len(trend.runs)} usable runs; a trend needs {LEAST_RUNS}"
    elif not trend.changes:
        yield f"  no change in {len(trend.runs)} runs"
    for each in trend.changes:
        run, percent = each.first.run, 100 * (each.after_ms / each.before_ms - 1)
        place = f"run {run.number} ({when(run.started_s)} UTC, revision {revision(run)})"
        figures = f"P95 {each.before_ms:.4g} -> {each.after_ms:.4g} ms, p = {each.p:.2g}"
        yield f"  {percent:+.3g} % from {place} on: {figures}"


def to_json(trends: Sequence[Trend]) -> str:
    """The same for programs, with P95 of every run."""
    found = [_json(each) for each in trends]
    return as_json({"method": f"Apache Otava, p < {P:g}", "false_alarms": FALSE_ALARMS, "trends": found})


def _json(trend: Trend) -> dict[str, object]:
    return {
        "scenario": trend.profile.scenario,
        "series": trend.profile.series,
        "runs": [{"run": each.run.number, "p95_ms": each.point.p95} for each in trend.runs],
        "changes": [_change_json(each) for each in trend.changes],
    }


def _change_json(change: ChangePoint) -> dict[str, object]:
    figures = {"before_ms": change.before_ms, "after_ms": change.after_ms, "p": change.p}
    return {"run": change.first.run.number, "revision": change.first.run.revision, **figures}

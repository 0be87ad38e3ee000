"""Dashboard lines in a verdict: what a monitoring system answered decides; without one, the line names the option."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.record.header import DashboardPlan
from harness.record.monitoring import BoardVerdict, DashboardChecked
from harness.verdict.result import DrillResult, Verdict
from tests.support.simulated_drill import World, incident


def drilled(folder: Path, system: str, verdict: BoardVerdict | None, finding: str = "") -> DrillResult:
    """A drill that passes but for its dashboard line, about which this was recorded; None: nothing."""
    world = World(folder, incident, dashboards=(DashboardPlan(40, f"{system}: `x`", system, "x"),))
    checked = DashboardChecked(line=40, name="x", verdict=verdict or "ok", why="it was asked", finding=finding)
    world.on_apply = lambda: world.record(checked) if verdict else None
    return world.run().drills[0]


@pytest.mark.parametrize(
    ("verdict", "of_drill", "of_line", "reason"),
    [
        ("ok", Verdict.PASSED, "ok", "all symptoms observed"),
        ("failed", Verdict.FAILED, "failed", "line 40: Prometheus: `x`: it was asked"),
        ("unknown", Verdict.INCONCLUSIVE, "not checked", "line 40: `x` could not be checked: it was asked"),
    ],
)
def test_what_was_answered_decides(
    tmp_path: Path, verdict: BoardVerdict, of_drill: Verdict, of_line: str, reason: str
) -> None:
    found = drilled(tmp_path, "Prometheus", verdict)
    assert (found.verdict, found.dashboards[0].verdict, found.dashboards[0].why) == (of_drill, of_line, "it was asked")
    assert reason in found.why[0]


def test_a_finding_names_the_line_and_decides_nothing(tmp_path: Path) -> None:
    found = drilled(tmp_path, "Prometheus", "ok", "`x` is a histogram")
    assert found.verdict == Verdict.PASSED
    assert "line 40: `x` is a histogram" in found.findings


@pytest.mark.parametrize(
    ("system", "why"),
    [
        ("Grafana", "no Grafana is part of this run; --grafana-url URL checks it"),
        ("jaeger", "no jaeger is part of this run; --jaeger-url URL checks it"),
        ("Datadog", "no Datadog is part of this run; gameday cannot ask it"),
    ],
)
def test_without_the_system_a_line_names_the_option(tmp_path: Path, system: str, why: str) -> None:
    found = drilled(tmp_path, system, None)
    assert (found.verdict, found.dashboards[0].verdict, found.dashboards[0].why) == (Verdict.PASSED, "not checked", why)

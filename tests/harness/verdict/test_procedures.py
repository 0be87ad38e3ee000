"""The rows of the document's procedures, judged by the alerts of simulated drills."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.app import render
from harness.drill import Limits
from harness.record.incident import ProcedureRow
from harness.verdict.alerts import AlertResult, Handling
from harness.verdict.gameday import GamedayResult
from harness.verdict.procedures import judge_rows
from harness.verdict.result import DrillResult, Verdict
from tests.support.figures import without_contradiction
from tests.support.junit import cases
from tests.support.simulated_drill import World, incident, ran

ROWS = (
    ProcedureRow("alert", 5, "Acknowledge the alert within 5 minutes", "P0", None, 300.0, "acknowledged"),
    ProcedureRow("alert", 6, "Communication: write on the status page", "P0", None, None, "updated"),
    ProcedureRow("alert", 9, "Acknowledge the alert within 15 minutes", "P1", None, 900.0, "acknowledged"),
    ProcedureRow("escalation", 12, "Follows the runbooks", None, 1, None, None),
    ProcedureRow("escalation", 15, "Goes beyond the runbooks", None, 2, None, None),
)


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> GamedayResult:
    return World(tmp_path_factory.mktemp("drill"), incident, answers_alerts=True, rows=ROWS).run()


@pytest.fixture
def drill(passed: GamedayResult) -> DrillResult:
    return passed.drills[0]


def alert(priority: str = "P0", open_s: float = 100.0, **after_s: float) -> AlertResult:
    handled = tuple(Handling(action, "x", 1, "", seconds) for action, seconds in after_s.items())  # type: ignore[arg-type]
    return AlertResult("1", priority, "availability", "slo", "broken", 4.0, open_s, handled)


def verdict(drill: DrillResult, row: ProcedureRow, *alerts: AlertResult) -> tuple[str, str, float | None]:
    (result,) = judge_rows([row], [replace(drill, alerts=alerts)])
    (found,) = result.drills
    assert result.verdict == found.verdict
    return found.verdict, found.why, found.seconds


def test_a_time_limit_is_met_missed_or_not_applicable(drill: DrillResult) -> None:
    row = ROWS[0]
    assert verdict(drill, row, alert(acknowledged=300.0)) == ("met", "acknowledged after 300.0 s (limit 300 s)", 300.0)
    assert verdict(drill, row, alert(acknowledged=300.5)) == (
        "missed",
        "acknowledged after 300.5 s (limit 300 s)",
        300.5,
    )
    assert verdict(drill, row, alert("P1", acknowledged=1.0))[:2] == ("not applicable", "no alert had the priority P0")
    assert verdict(drill, row, alert(open_s=301.0))[:2] == ("missed", "not acknowledged for 301.0 s (limit 300 s)")
    assert verdict(drill, row, alert())[:2] == ("not applicable", "the incident ended after 100.0 s (limit 300 s)")


def test_the_slowest_of_several_alerts_counts(drill: DrillResult) -> None:
    quick, slow = alert(acknowledged=2.0), alert(acknowledged=400.0)
    assert verdict(drill, ROWS[0], quick, slow)[0] == "missed"
    assert verdict(drill, ROWS[0], quick, replace(quick, alert="2"))[2] == 2.0


def test_what_only_a_person_can_follow_says_why(drill: DrillResult) -> None:
    assert verdict(drill, ROWS[1], alert())[:2] == ("manual", "only a person can follow it: it has no time limit")
    assert verdict(drill, ROWS[1], alert(updated=7.0))[1].endswith(
        "it has no time limit; first update posted after 7.0 s"
    )
    unclear = ProcedureRow("alert", 7, "Have tea within 5 minutes", "P0", None, 300.0, None)
    assert verdict(drill, unclear, alert())[1].endswith("its words do not say what the time limit is for")


def test_levels_are_reached_or_not(tmp_path: Path) -> None:
    look, limits = (ran("read", "kubectl get pods"),), Limits(recovery_s=15.0)
    world = World(tmp_path, incident, heals=False, answers_alerts=True, rows=ROWS, general=look, limits=limits)
    result = world.run()
    assert result.verdict is Verdict.FAILED
    assert [row.verdict for row in result.rows] == ["met", "manual", "not applicable", "reached", "reached"]
    assert result.drills[0].escalated
    assert [step.facts.text for step in result.general] == ["kubectl get pods"]
    (first,), again = result.drills, replace(result.drills[0].general[0], why="as evidence of a later incident")
    later = replace(result, drills=(first, replace(first, general=(again,))))
    assert later.general == first.general, "each general command is reported once"


def test_rows_of_a_run_without_alerts_are_not_judged(passed: GamedayResult) -> None:
    assert judge_rows(ROWS, [replace(passed.drills[0], alerts=())]) == ()


def test_rows_are_testcases_with_their_lines_and_a_missed_limit_is_a_failure(passed: GamedayResult) -> None:
    assert passed.verdict is Verdict.PASSED
    found = cases(render(passed, "junit"), "procedures")
    assert found["alert procedure: line 5: Acknowledge the alert within 5 minutes"] == "passed"
    assert found["alert procedure: line 6: Communication: write on the status page"] == "skipped"
    assert found["escalation procedure: line 12: Follows the runbooks"] == "skipped", "it was reached; nothing more"
    assert found["escalation procedure: line 15: Goes beyond the runbooks"] == "skipped"
    late = replace(passed.drills[0], alerts=(alert(acknowledged=400.0),))
    missed = replace(passed, drills=(late,), rows=judge_rows(ROWS, [late]))
    assert (
        cases(render(missed, "junit"), "procedures")["alert procedure: line 5: Acknowledge the alert within 5 minutes"]
        == "failure"
    )
    assert "✗ line 5 P0: Acknowledge the alert within 5 minutes: WEB: acknowledged after 400.0 s" in " ".join(
        render(missed, "text").split()
    )
    for name in ("markdown", "html"):
        assert "acknowledged after 400.0 s (limit 300 s)" in render(missed, name)
    without_contradiction(missed)

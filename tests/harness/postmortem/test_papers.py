"""The papers: what the record knows, blank fields for what only a person knows, and no markup from the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from harness.app.members import PAPERS
from harness.postmortem.base import Incident
from harness.postmortem.edits.base import Dropped, Edit, unchanged
from harness.postmortem.papers.action_items import items
from harness.postmortem.patching import Patched
from harness.record.header import Procedure
from harness.verdict.gameday import Finding, GamedayResult, ManualLine
from harness.verdict.result import DashboardResult
from harness.verdict.scope import Outage
from tests.support.hostile import TITLE, control_characters
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import GONE, MANUAL, SCALE

PROCEDURES = (
    Procedure("alert", 3, "Acknowledge the alert within 5 minutes"),
    Procedure("post-incident", 5, "Incident Report: Document incident details"),
    Procedure("post-incident", 6, "Team Review: Conduct team review and lessons learned"),
)
NOTHING = Patched("", "")
HOSTILE = f"{TITLE} *a* _b_ [x](http://192.0.2.1) <http://192.0.2.1> https://192.0.2.1/ @team #1 | \n# h\n- [ ] `x`"


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> GamedayResult:
    return World(tmp_path_factory.mktemp("run"), incident, procedures=PROCEDURES, answers_alerts=True).run()


def paper(name: str, result: GamedayResult, patched: Patched = NOTHING, no_patch: str = "there is no reason") -> str:
    return PAPERS.load(name).render(Incident(result, patched, no_patch))


def test_timeline_has_the_times_of_the_record(passed: GamedayResult) -> None:
    (drill,) = passed.drills
    rows = [line for line in paper("incident-report", passed).splitlines() if " UTC" not in line and "12 13:" in line]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [
        "began", "raised", "acknowledged", "mitigated", "resolved",
    ]  # fmt: skip
    assert f"| {drill.alerts[0].raised_s:.1f} s | `P0: availability 50 %" in rows[1]
    acknowledged_s, resolved_s = (drill.alerts[0].after_s(action) for action in ("acknowledged", "resolved"))
    assert acknowledged_s is not None
    assert resolved_s is not None
    assert f"| {drill.alerts[0].raised_s + acknowledged_s:.1f} s | by `simulation` |" in rows[2]
    assert f"| {drill.times.recover_s:.1f} s |" in rows[3]
    assert f"| {drill.alerts[0].raised_s + resolved_s:.1f} s | by `simulation` |" in rows[4]
    assert "1970-01-12 13:46:" in rows[0], "START_S is a million seconds after the epoch"


def test_without_alerts_the_times_are_those_of_the_phases(passed: GamedayResult) -> None:
    old = replace(passed, drills=tuple(replace(drill, alerts=()) for drill in passed.drills))
    text = paper("incident-report", old)
    assert "the first documented symptom was observed |" in text
    assert "the responder began: gameday, with the steps of the runbook |" in text
    assert "the fault was reverted, and the SLOs held |" in text


def test_moments_that_are_not_in_the_record_are_blank(tmp_path: Path) -> None:
    text = paper("incident-report", World(tmp_path, incident, heals=False).run())
    assert "| mitigated | ________ | ________ | not in the record |" in text
    assert "| resolved | ________ | ________ | not in the record |" in text
    assert "Cause of the verdict: `the SLOs did not recover; availability 50 % after the response" in text
    assert "| raised | 1970-01-12" in text


def test_drill_that_never_had_a_fault_has_no_time_at_all(tmp_path: Path) -> None:
    text = paper("incident-report", World(tmp_path, lambda *_: 0.2).run())
    assert text.count("| ________ | ________ | not in the record |") == 5


def test_papers_name_the_procedure_that_asks_for_them(passed: GamedayResult) -> None:
    assert "- line 5: `Incident Report: Document incident details`" in paper("incident-report", passed)
    assert "- line 6: `Team Review: Conduct team review and lessons learned`" in paper("review", passed)
    assert "Asked for by" not in paper("root-cause", passed)


def test_every_procedure_is_on_the_checklist_of_the_review(passed: GamedayResult) -> None:
    text = paper("review", passed)
    assert [f"- ☐ line {each.line}: `{each.text}`" in text for each in PROCEDURES] == [True] * 3


def test_root_cause_is_the_fault_with_its_evidence(passed: GamedayResult) -> None:
    text = paper("root-cause", passed)
    assert "gameday injected it: `f`." in text
    assert "✓ `still broken on the control, on which nothing was done: availability`" in text
    assert "| 30 | `kubectl scale deployment web --replicas=3` | `deployment/web replicas 1 -> 3` |" in text


def test_action_items_are_sorted_by_urgency_and_each_is_there_once(passed: GamedayResult, tmp_path: Path) -> None:
    (drill,) = World(tmp_path, incident, steps=(SCALE, GONE, MANUAL)).run().drills
    outage = Outage("chat", "", "", 3.0, 10.0, 10, 10, 30, "kubectl scale deployment chat --replicas=0", 30)
    board = DashboardResult(40, "Prometheus: `x`", "Prometheus", "x", "failed", "no pod exports it")
    findings = (
        "line 31: drift: A is deployed as 1",
        f"{drill.steps[0].place}: was applied and had no measurable effect",
    )
    whole = replace(
        passed,
        drills=(replace(drill, outages=(outage,), dashboards=(board,), findings=findings),),
        findings=(
            Finding("", "line 5: not understood (prose: nothing to run): Hello"),
            Finding("", "x"),
            Finding("", "x"),
        ),
    )
    assert [(item.kind, item.line) for item in items(whole)] == [
        ("harmful", 30), ("failed", 30), ("useless", 30), ("drift", 31), ("dashboard", 40), ("finding", None),
    ]  # fmt: skip
    assert paper("action-items", passed).endswith("The drill found nothing to do.\n")


def test_review_lists_edits_and_what_is_left_to_a_person(passed: GamedayResult) -> None:
    edit = Edit("bounded", 12, "it never ends", 0, "-f", "--tail=1", unchanged)
    patched = Patched("a", "b", (edit,), (Dropped("check", 13, "add `x`"),))
    text = paper("review", passed, patched, "")
    assert "| ☐ | 12 | bounded | `-f` | `--tail=1` | `it never ends` |" in text
    assert "- ☐ line 13 (check): `` add `x` ``" in text
    assert "There is no `runbook.patch`: it has changed." in paper("review", passed, patched, "it has changed")


@pytest.mark.parametrize("name", PAPERS.names())
def test_text_of_the_document_is_no_markup(name: str, passed: GamedayResult) -> None:
    (drill,) = passed.drills
    step = replace(
        drill.steps[0], facts=replace(SCALE, text=HOSTILE, changed=(HOSTILE,)), why=HOSTILE, verdict="failed"
    )
    symptom, slo = replace(drill.symptoms[0], text=HOSTILE, condition=HOSTILE), replace(drill.slos[0], name=HOSTILE)
    hostile = replace(
        drill, runbook=HOSTILE, title=HOSTILE, cause=HOSTILE, fault=HOSTILE, findings=(HOSTILE,), steps=(step,),
        symptoms=(symptom,), slos=(slo,),
    )  # fmt: skip
    edit = Edit("toggle", 1, HOSTILE, 0, HOSTILE, HOSTILE, unchanged)
    lines = tuple(ManualLine(kind, 1, f"{HOSTILE} incident report root cause action items review")
                  for kind in ("alert", "escalation", "post-incident"))  # fmt: skip
    result = replace(passed, document=HOSTILE, platform=HOSTILE, drills=(hostile,), procedures=lines)
    text = paper(name, result, Patched("a", "b", (edit,), (Dropped("check", 1, HOSTILE),)), "")
    assert control_characters(text) == set()
    harmless = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(paper(name, passed))
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    assert "onerror" in html
    for tag in ("<img", "<a ", "<em", "<details", "<h1", "<input"):
        assert html.count(tag) == harmless.count(tag), tag

"""The report format `markdown`, as GitHub renders it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from markdown_it import MarkdownIt

from harness.report.markdown import to_markdown
from harness.verdict.gameday import Finding, GamedayResult
from tests.support.hostile import TITLE, control_characters
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import GONE, MANUAL, SCALE

TOGGLE = replace(SCALE, text="`MAX_RETRIES`: Increase from 3 to 5 | or 7", line=41)


def shown(folder: Path, **parts: object) -> tuple[GamedayResult, str]:
    """The result of a simulated drill, and its report as HTML."""
    result = World(folder, incident, **parts).run()  # type: ignore[arg-type]
    return result, MarkdownIt("gfm-like", {"linkify": False}).render(to_markdown(result))


def test_evidence_of_a_passed_drill_is_folded_and_of_a_failed_one_open(tmp_path: Path) -> None:
    for name, steps, sign, details in (
        ("a", (SCALE,), "✅ passed", "<details>"),
        ("b", (GONE,), "❌ failed", "<details open>"),
    ):
        (tmp_path / name).mkdir()
        _, html = shown(tmp_path / name, steps=steps)
        assert f"<td>{sign}</td>" in html
        assert html.count(details) == html.count("</details>") == 1


def test_every_part_is_in_a_table_and_no_text_breaks_one(tmp_path: Path) -> None:
    _, html = shown(tmp_path, steps=(SCALE, TOGGLE, MANUAL))
    assert html.count("<table>") == 6, "drills, symptoms, steps, SLOs, phases, alerts"
    assert "<code>`MAX_RETRIES`: Increase from 3 to 5 | or 7</code>" in html
    assert "<td>prose: no program can do this</td>" in html
    assert "| --" not in html


def test_text_of_the_document_is_neither_html_nor_a_control_character(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    (drill,) = result.drills
    step = replace(drill.steps[0], facts=replace(SCALE, text=TITLE), why=TITLE)
    symptom, slo = replace(drill.symptoms[0], text=TITLE, condition=TITLE), replace(drill.slos[0], name=TITLE)
    hostile = replace(
        drill, runbook=TITLE, title=TITLE, why=(TITLE,), fault=TITLE, symptoms=(symptom,), steps=(step,), slos=(slo,)
    )
    finding = Finding(TITLE, TITLE)
    text = to_markdown(replace(result, document=TITLE, platform=TITLE, findings=(finding,), drills=(hostile,)))
    assert control_characters(text) == set()
    html = MarkdownIt("gfm-like", {"linkify": False, "html": True}).render(text)
    assert "onerror" in html
    assert "<img" not in html
    assert html.count("</details>") == 1

"""What a person did, in every report."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest

from harness.app import render
from harness.record.incident import NoteTaken, RunBeside
from harness.verdict.gameday import GamedayResult
from tests.support.paths import ROOT
from tests.support.responses import let_person_write, typed
from tests.support.simulated_drill import World, incident

HOSTILE = "<img src=x onerror=alert(1)> | ``` **x**"


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GamedayResult:
    world = World(tmp_path_factory.mktemp("run"), incident)
    beside = RunBeside(run="runs/1", verdict="passed", steps=4, acknowledged_s=0.5, recover_s=7.25)
    let_person_write(
        world,
        typed("rm -rf /", refused="rm: not an allowed program"),
        typed(f"echo '{HOSTILE}'", changed=(), output=f"{HOSTILE}\n"),
        typed(line=30),
        NoteTaken(by="Ann", text=f"calm {HOSTILE}"),
        before=(beside,),
    )
    return world.run()


def test_json_has_every_command_the_notes_and_the_run_beside(result: GamedayResult) -> None:
    response = json.loads(render(result, "json"))["drills"][0]["response"]
    assert [(each["command"], each["exit_status"], each["line"]) for each in response["commands"]] == [
        ("rm -rf /", None, None),
        (f"echo '{HOSTILE}'", 0, None),
        ("kubectl scale deployment web --replicas=3", 0, 30),
    ]
    assert response["lines"] == [30]
    assert response["commands"][2]["changed"] == ["deployment/web replicas 1 -> 3"]
    assert [each["by"] for each in response["notes"]] == ["Ann"]
    assert response["beside"] == {
        "run": "runs/1",
        "verdict": "passed",
        "steps": 4,
        "acknowledged_s": 0.5,
        "investigating_s": None,
        "mitigated_s": None,
        "resolved_s": None,
        "recover_s": 7.25,
    }


def test_every_key_of_a_response_is_on_its_page(result: GamedayResult) -> None:
    response = json.loads(render(result, "json"))["drills"][0]["response"]
    found = {*response, *response["commands"][0], *response["notes"][0]}
    page = (ROOT / "docs/reference/result.md").read_text(encoding="utf-8")
    section = page[page.index("### `response`") :].split("\n### ")[0]
    assert sorted(key for key in found if f"`{key}`" not in section and f"`{key}[]`" not in section) == []


def test_text_compares_both_and_lists_the_commands(result: GamedayResult) -> None:
    text = render(result, "text")
    recover_s = result.drills[0].times.recover_s
    assert re.search(rf"recovered, from the fault on +{recover_s:.1f} s +7\.2 s", text)
    assert re.search(r"steps of the document +1 +4", text)
    assert re.search(r"other commands +2 +0", text)
    assert "rm -rf /: refused: rm: not an allowed program" in text
    assert "line 30: kubectl scale deployment web --replicas=3: exit status 0; changed deployment/web" in text
    assert "Ann: calm" in text


def test_markdown_keeps_hostile_text_in_its_cells(result: GamedayResult) -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"linkify": False}).render(render(result, "markdown"))
    assert "<img" not in html
    row = next(row for row in re.findall(r"<tr>.*?</tr>", html, re.S) if "not an allowed program" in row)
    assert row.count("<td>") == 4
    assert "runs/1 (passed)" in html


def test_html_escapes_commands_output_and_notes(result: GamedayResult) -> None:
    html = render(result, "html")
    assert "<img src=x" not in html
    assert HOSTILE in unescape(html)
    assert "<td>7.2 s</td>" in html


def test_a_step_that_a_person_tried_is_no_failure_for_ci(result: GamedayResult) -> None:
    assert 'failures="0"' in render(result, "junit").split("\n")[1]


def test_without_a_response_no_report_speaks_of_one(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    assert json.loads(render(result, "json"))["drills"][0]["response"] is None
    assert "responder" not in render(result, "text")
    assert "<h3>Response</h3>" not in render(result, "html")

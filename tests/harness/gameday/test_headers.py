"""The header of a drill in the record."""

from __future__ import annotations

import json
from pathlib import Path

from harness.bindings import load
from harness.gameday.headers import Draw, drill_header, procedures_header
from harness.history.vif import History
from harness.model import Document
from harness.plan import make_plan
from harness.record.codec import from_json, to_json
from harness.record.event import CONTROL
from harness.record.events import DrillStarted
from harness.runbook import read as read_document
from harness.verdict.state import new_drill_state
from tests.support.paths import RUNBOOK
from tests.support.slo import BOUND, write_bindings


def test_a_drill_header_has_all_that_its_judge_needs(tmp_path: Path) -> None:
    plan = make_plan(read_document(RUNBOOK), load(write_bindings(tmp_path, BOUND)), ["TIMEOUT"])
    header = from_json(json.loads(json.dumps(to_json(drill_header(plan.drills[0], plan, History(), Draw(7, 0.1))))))
    assert isinstance(header, DrillStarted)
    assert (header.seed, header.credit_alpha, header.earlier_exposure_s) == (7, 0.1, 0.0)
    assert [slo.target for slo in header.slos] == [0.95, 0.9, 0.99, 0.99]
    judged = new_drill_state(header).slos
    assert [(slo.name, slo.objective.text, slo.alpha, slo.window_s) for slo in judged] == [
        ("gateway latency", "p95(gateway) < 500ms", 0.02, 2_419_200.0),
        ("errors: #1", "status(tools, 503) <= 10%", None, 2_419_200.0),
        ("errors: #2", "status(tools, 503) <= 1%", None, 2_419_200.0),
        ("quick tools", "p99(tools) < 1000ms", None, 2_419_200.0),
    ]
    assert [slo.known.vif for slo in judged] == [2.5, 1.0, 1.0, 1.0]


def test_the_draw_depends_on_seed_and_drill_and_takes_each_side_half_of_the_time() -> None:
    first = [Draw(seed, 0.1).first("TIMEOUT") for seed in range(400)]
    assert first == [Draw(seed, 0.1).first("TIMEOUT") for seed in range(400)]
    assert 160 < first.count(CONTROL) < 240
    assert first != [Draw(seed, 0.1).first("TOOL_DOWN") for seed in range(400)]


def test_the_rows_of_the_procedures_are_in_the_record_with_what_they_ask_for() -> None:
    found = procedures_header(read_document(RUNBOOK))
    assert found is not None
    assert from_json(json.loads(json.dumps(to_json(found)))) == found
    assert [(row.kind, row.line, row.priority, row.deadline_s, row.action) for row in found.rows][:3] == [
        ("alert", 237, "P0", 300, "acknowledged"),
        ("alert", 238, "P0", 600, "investigating"),
        ("alert", 239, "P0", None, "updated"),
    ]
    assert [(row.kind, row.level) for row in found.rows[12:]] == [
        ("escalation", n) for n in (1, 1, 1, 2, 2, 2, 3, 3, 3)
    ]


def test_a_document_without_procedures_has_no_rows() -> None:
    assert procedures_header(Document("ops.md", "Ops")) is None

"""SLOs where people meet them: in the bindings, in a record, and at `gameday slo`."""

from __future__ import annotations

import json
from pathlib import Path

from harness import bindings
from harness.gameday.headers import drill_header
from harness.history.vif import History
from harness.plan import make_plan
from harness.record.codec import from_json, to_json
from harness.record.events import DrillStarted
from harness.runbook import read as read_document
from harness.verdict.state import new_drill_state
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.slo import LATENCY, RATIO, changed, read

# -- in the bindings ---------------------------------------------------------------------------------------------------

BOUND = """\
version: 1
slo_files: [promises/*.yaml]
slos: {quick tools: p99(tools) < 1s}
faults: {f: [{at: load, fault: surge, factor: 2}]}
runbooks:
  TIMEOUT: {scenario: timeout, service: api-gateway, series: gateway, fault: f,
    slos: [gateway-latency, errors, quick tools]}
"""


def bound(folder: Path, text: str = BOUND) -> bindings.Bindings:
    """These bindings beside two OpenSLO files."""
    (folder / "promises").mkdir()
    (folder / "promises" / "a.yaml").write_text(
        changed(
            LATENCY,
            (
                "  displayName",
                "  annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2.5'}\n  displayName",
            ),
        )
    )
    (folder / "promises" / "b.yaml").write_text(changed(RATIO, ("[{target: 0.99}]", "[{target: 0.9}, {target: 0.99}]")))
    (folder / "gameday.yaml").write_text(text)
    return bindings.load(folder / "gameday.yaml")


def test_a_record_says_all_that_its_judge_needs(tmp_path: Path) -> None:
    plan = make_plan(read_document(RUNBOOK), bound(tmp_path), ["TIMEOUT"])
    header = from_json(json.loads(json.dumps(to_json(drill_header(plan.drills[0], plan, History())))))
    assert isinstance(header, DrillStarted)
    assert [slo.target for slo in header.slos] == [0.95, 0.9, 0.99, 0.99]
    judged = new_drill_state(header).slos
    assert [(slo.name, slo.objective.text, slo.alpha, slo.window_s) for slo in judged] == [
        ("gateway latency", "p95(gateway) < 500ms", 0.02, 2_419_200.0),
        ("errors: #1", "status(tools, 503) <= 10%", None, 2_419_200.0),
        ("errors: #2", "status(tools, 503) <= 1%", None, 2_419_200.0),
        ("quick tools", "p99(tools) < 1000ms", None, 2_419_200.0),
    ]
    assert [slo.known.vif for slo in judged] == [2.5, 1.0, 1.0, 1.0]


# -- gameday slo -------------------------------------------------------------------------------------------------------


def test_check_prints_sentences_and_every_problem(tmp_path: Path) -> None:
    annotated = (
        "  displayName",
        "  annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2'}\n  displayName",
    )
    (tmp_path / "a.yaml").write_text(changed(LATENCY, annotated))
    (tmp_path / "b.yaml").write_text(changed(RATIO, ("0.99", "1.5")))
    done = gameday("slo", "check", "a.yaml", "b.yaml", "nosuch.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == "gateway latency: p95(gateway) < 500ms  (alpha 0.02)  (vif floor 2)\n"
    assert done.stderr.split("\n") == [
        "gameday: nosuch.yaml: cannot be read (No such file or directory); name an OpenSLO file",
        "b.yaml:15:25: SLO errors: spec.objectives[0].target: expected a number from 0 to below 1, got `1.5`",
        "Forms: docs/reference/slos.md",
        "",
    ]


def test_check_for_machines(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LATENCY)
    done = gameday("slo", "check", "a.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "slos": [{"name": "gateway latency", "objective": "p95(gateway) < 500ms", "target": 0.95,
                  "window_s": 2_419_200.0, "alpha": None, "vif_floor": None, "place": "a.yaml:1:1"}],
        "problems": [],
    }  # fmt: skip


def test_show_prints_the_slos_of_a_run_as_openslo(tmp_path: Path) -> None:
    done = gameday("slo", "show", RUNBOOK, "--bindings", BINDINGS, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "---\n# judges TIMEOUT, TOOL_DOWN, VALIDATION_FAIL\n" in done.stdout
    shown = read(tmp_path, done.stdout)
    assert shown.problems == ()
    bound_ = bindings.load(BINDINGS).runbooks.values()
    assert {slo.name: slo.condition for slo in shown.slos} == {
        name: slo.condition for binding in bound_ for name, slo in binding.slos.items()
    }


def test_show_writes_out_what_was_said_in_one_line(tmp_path: Path) -> None:
    bound(tmp_path)
    done = gameday("slo", "show", RUNBOOK, "--only", "TIMEOUT", "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("kind: SLO") == 3, "an SLO with two objectives is one document"
    assert {slo.name: slo.condition.text for slo in read(tmp_path, done.stdout).slos} == {
        "gateway latency": "p95(gateway) < 500ms",
        "errors: #1": "status(tools, 503) <= 10%",
        "errors: #2": "status(tools, 503) <= 1%",
        "quick tools": "p99(tools) < 1000ms",
    }


def test_show_of_runbooks_that_nobody_binds(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\n")
    done = gameday("slo", "show", RUNBOOK, "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gameday.yaml: binds none of these runbooks" in done.stderr

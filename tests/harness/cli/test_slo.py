"""`gameday slo check` and `gameday slo show`."""

from __future__ import annotations

import json
from pathlib import Path

from harness.bindings import load
from tests.support.gameday import in_process
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.slo import BOUND, LATENCY, RATIO, changed, read, write_bindings


def test_check_lists_slos_in_one_line_and_every_problem(tmp_path: Path) -> None:
    annotated = (
        "  displayName",
        "  annotations: {gameday.dev/alpha: '0.02', gameday.dev/vif-floor: '2'}\n  displayName",
    )
    (tmp_path / "a.yaml").write_text(changed(LATENCY, annotated))
    (tmp_path / "b.yaml").write_text(changed(RATIO, ("0.99", "1.5")))
    done = in_process("slo", "check", "a.yaml", "b.yaml", "nosuch.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == "gateway latency: p95(gateway) < 500ms  (alpha 0.02)  (vif floor 2)\n"
    assert done.stderr.split("\n") == [
        "gameday: nosuch.yaml: cannot be read (No such file or directory); name an OpenSLO file",
        "b.yaml:15:25: SLO errors: spec.objectives[0].target: expected a number from 0 to below 1, got `1.5`",
        "Forms: docs/reference/slos.md",
        "",
    ]


def test_check_prints_json(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(LATENCY)
    done = in_process("slo", "check", "a.yaml", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "slos": [{"name": "gateway latency", "objective": "p95(gateway) < 500ms", "target": 0.95,
                  "window_s": 2_419_200.0, "alpha": None, "vif_floor": None, "place": "a.yaml:1:1"}],
        "problems": [],
    }  # fmt: skip


def test_show_prints_the_slos_of_a_run_as_openslo(tmp_path: Path) -> None:
    done = in_process("slo", "show", RUNBOOK, "--bindings", BINDINGS, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "---\n# judges TIMEOUT, TOOL_DOWN, VALIDATION_FAIL\n" in done.stdout
    shown = read(tmp_path, done.stdout)
    assert shown.problems == ()
    bound = load(BINDINGS).runbooks.values()
    assert {slo.name: slo.condition for slo in shown.slos} == {
        name: slo.condition for binding in bound for name, slo in binding.slos.items()
    }


def test_show_prints_one_line_conditions_as_openslo(tmp_path: Path) -> None:
    write_bindings(tmp_path, BOUND)
    done = in_process("slo", "show", RUNBOOK, "--only", "TIMEOUT", "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("kind: SLO") == 3, "an SLO with two objectives is one document"
    assert {slo.name: slo.condition.text for slo in read(tmp_path, done.stdout).slos} == {
        "gateway latency": "p95(gateway) < 500ms",
        "errors: #1": "status(tools, 503) <= 10%",
        "errors: #2": "status(tools, 503) <= 1%",
        "quick tools": "p99(tools) < 1000ms",
    }


def test_show_without_a_bound_runbook_exits_2(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\n")
    done = in_process("slo", "show", RUNBOOK, "--bindings", "gameday.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "gameday.yaml: binds none of these runbooks" in done.stderr

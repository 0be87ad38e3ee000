"""Whole drills with a real Prometheus: every metric line and every query of the dashboards has data; alerts fire."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.machine import process_ledger
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no program `prometheus`"),
]
LINES = {"TIMEOUT": 2, "TOOL_DOWN": 2, "VALIDATION_FAIL": 2, "WS_OVERLOAD": 3}
"""The lines of each runbook for Grafana and Prometheus."""
WITHOUT_RULES = {"VALIDATION_FAIL": ("bad input accepted",), "WS_OVERLOAD": ("websocket connects",)}
"""SLOs about what only the load knows."""


@pytest.mark.parametrize("runbook", LINES)
def test_the_lines_of_a_drill_are_facts(tmp_path: Path, runbook: str) -> None:
    done = gameday(
        "run", RUNBOOK, "--bindings", BINDINGS, "--only", runbook, "--observability", "--no-history", "--out", "run",
        cwd=tmp_path, timeout_s=600,
    )  # fmt: skip
    [drill] = json.loads((tmp_path / "run" / "result.json").read_text())["drills"]
    boards = [board for board in drill["dashboards"] if board["system"] in ("Grafana", "Prometheus")]
    assert [board["verdict"] for board in boards] == ["ok"] * LINES[runbook], f"{boards} {done.stderr[-2000:]}"
    assert all("during the incident" in board["why"] or "in the incident" in board["why"] for board in boards)
    assert {alert["priority"] for alert in drill["prometheus_alerts"]} >= {"P0", "P1"}
    unruled = [finding for finding in drill["findings"] if "has no alert in Prometheus" in finding]
    assert len(unruled) == len(WITHOUT_RULES.get(runbook, ())), unruled
    assert all(f"`{slo}`" in finding for slo, finding in zip(WITHOUT_RULES.get(runbook, ()), unruled, strict=True))
    assert process_ledger.left(tmp_path) == []

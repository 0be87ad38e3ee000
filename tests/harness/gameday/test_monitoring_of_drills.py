"""Whole drills with a real Prometheus: every metric line and every query of the dashboards has data; alerts fire."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from harness.cluster.runtimes.container.ledger import LEDGER
from harness.machine import process_ledger
from tests.support import docker, kind
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no program `prometheus`"),
]
LINES = {"TIMEOUT": 2, "TOOL_DOWN": 2, "VALIDATION_FAIL": 2, "WS_OVERLOAD": 3}
"""The lines of each runbook for Grafana and Prometheus."""


def check(folder: Path, runbook: str, *options: str) -> None:
    """Run a drill in `folder`, and check what the monitoring of its treatment says."""
    done = gameday(
        "run", RUNBOOK, "--bindings", BINDINGS, "--only", runbook, "--observability", "--no-history", "--out", "run",
        *options, cwd=folder, timeout_s=600,
    )  # fmt: skip
    [drill] = json.loads((folder / "run" / "result.json").read_text())["drills"]
    boards = [board for board in drill["dashboards"] if board["system"] in ("Grafana", "Prometheus")]
    assert [board["verdict"] for board in boards] == ["ok"] * LINES[runbook], f"{boards} {done.stderr[-2000:]}"
    assert all("during the incident" in board["why"] or "in the incident" in board["why"] for board in boards)
    if runbook != "VALIDATION_FAIL":  # its SLOs need what only the load knows
        assert {alert["priority"] for alert in drill["prometheus_alerts"]} >= {"P0", "P1"}
    assert process_ledger.left(folder) == []


@pytest.mark.parametrize("runbook", LINES)
def test_the_lines_of_a_drill_are_facts(tmp_path: Path, runbook: str) -> None:
    check(tmp_path, runbook)


def test_the_lines_of_a_drill_on_docker_are_facts(tmp_path: Path) -> None:
    if why := docker.missing():
        pytest.skip(why)
    check(tmp_path, "TIMEOUT", "--platform", "docker")
    platforms = [ledger.parent for ledger in tmp_path.rglob(LEDGER)]
    assert [docker.parts(platform) for platform in platforms] == [{}, {}]


def test_the_lines_of_a_drill_on_kind_are_facts(tmp_path: Path) -> None:
    if why := kind.missing():
        pytest.skip(why)
    check(tmp_path, "TIMEOUT", "--platform", "kind")
    assert kind.containers() == []

"""Whole drills with a real Prometheus and Jaeger: every line of the dashboards is a fact, and alerts fire."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.cluster.runtimes.container.ledger import LEDGER
from harness.machine import process_ledger
from tests.support import docker, kind
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.real_jaeger import RealJaeger, real_jaeger

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no program `prometheus`"),
]
RUNBOOKS = ("TIMEOUT", "TOOL_DOWN", "VALIDATION_FAIL", "WS_OVERLOAD")
LINES = 3
"""Of each runbook, for Grafana, Prometheus and, but for WS_OVERLOAD, Jaeger."""
WITHOUT_RULES = {"VALIDATION_FAIL": ("bad input accepted",), "WS_OVERLOAD": ("websocket connects",)}
"""SLOs about what only the load knows."""


def check(folder: Path, runbook: str, *options: str, jaeger: RealJaeger | None = None) -> None:
    """Run a drill in `folder`, and check what the monitoring of its treatment says; `jaeger`: None without one."""
    env = {**os.environ, **({"OTEL_EXPORTER_OTLP_ENDPOINT": jaeger.otlp} if jaeger else {})}
    done = gameday(
        "run", RUNBOOK, "--bindings", BINDINGS, "--only", runbook, "--observability", "--no-history", "--out", "run",
        *options, *(("--jaeger-url", jaeger.url) if jaeger else ()), cwd=folder, timeout_s=600, env=env,
    )  # fmt: skip
    [drill] = json.loads((folder / "run" / "result.json").read_text())["drills"]
    assert len(drill["dashboards"]) == LINES
    boards = [board for board in drill["dashboards"] if jaeger or board["system"] != "Jaeger"]
    assert {board["verdict"] for board in boards} == {"ok"}, f"{boards} {done.stderr[-2000:]}"
    for board in boards:
        said = "critical path" if board["system"] == "Jaeger" else "the incident"
        assert said in board["why"], board
    fired = {alert["priority"] for alert in drill["prometheus_alerts"]}
    assert fired >= ({"P1"} if runbook == "WS_OVERLOAD" else {"P0", "P1"}), "how many messages are dropped varies"
    unruled = [finding for finding in drill["findings"] if "has no alert in Prometheus" in finding]
    assert len(unruled) == len(WITHOUT_RULES.get(runbook, ())), unruled
    assert all(f"`{slo}`" in finding for slo, finding in zip(WITHOUT_RULES.get(runbook, ()), unruled, strict=True))
    assert process_ledger.left(folder) == []


@pytest.fixture(scope="module")
def jaeger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealJaeger | None]:
    """A real Jaeger; None without the program, whose absence test_real_jaeger.py reports."""
    if shutil.which("jaeger-all-in-one") is None:
        yield None
        return
    with real_jaeger(tmp_path_factory.mktemp("jaeger")) as found:
        yield found


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_the_lines_of_a_drill_are_facts(tmp_path: Path, runbook: str, jaeger: RealJaeger | None) -> None:
    check(tmp_path, runbook, jaeger=jaeger)


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

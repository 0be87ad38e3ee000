"""A whole drill that asks an existing Prometheus, which scrapes both sides: a condition is about its own side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.record.events import ProbeSampled
from harness.record.journal import read_events
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.real_prometheus import team_prometheus

pytestmark = pytest.mark.slow
TIMEOUTS = 'sum(rate(upstream_attempts_total{outcome="timeout",side="$side"}[10s])) or vector(0)'


def test_a_symptom_in_promql_is_seen_in_a_prometheus_of_both_sides(tmp_path: Path) -> None:
    text = BINDINGS.read_text().replace("slos/*.yaml", f"{BINDINGS.parent / 'slos'}/*.yaml")
    condition = f"prom('{TIMEOUTS}') > 0.5".replace("'", "''")
    bound = text.replace('logs(inference, "timeout") > 0', condition)
    assert "prom(" in bound
    (tmp_path / "gameday.yaml").write_text(bound)
    (tmp_path / "team").mkdir()
    with team_prometheus(tmp_path / "run", tmp_path / "team") as url:
        done = gameday(
            "run", RUNBOOK, "--bindings", "gameday.yaml", "--only", "TIMEOUT", "--prometheus-url", url, "--no-history",
            "--out", "run", cwd=tmp_path, timeout_s=600,
        )  # fmt: skip
    [drill] = json.loads((tmp_path / "run" / "result.json").read_text())["drills"]
    [symptom] = [each for each in drill["symptoms"] if each["text"] == "Timeout errors in logs"]
    assert symptom["seen"], done.stderr[-2000:]
    [line] = [each for each in drill["dashboards"] if each["system"] == "Prometheus"]
    assert (line["verdict"], "in Prometheus and moved" in line["why"]) == ("ok", True), line
    found: dict[str, list[float]] = {"treatment": [], "control": []}
    for each in read_events(tmp_path / "run" / "record.jsonl"):
        if isinstance(each, ProbeSampled):
            found[each.side] += [pods["prometheus"] for key, pods in each.values.items() if "prom(" in key and pods]
    assert max(found["treatment"]) > 0.5
    assert max(found["control"]) > 0.5
    assert found["treatment"] != found["control"], "each side has its own numbers"

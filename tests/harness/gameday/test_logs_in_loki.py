"""A whole drill whose conditions on logs are counted in a real Loki, to which a collector sends the pods' logs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.record.events import ProbeSampled
from harness.record.journal import read_events
from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.real_loki import collecting, real_loki

pytestmark = pytest.mark.slow
SELECTOR = """
loki: {selector: '{side="$side",app="$deployment"}'}
"""
TIMEOUTS = "logs(inference, timeout)"


def test_a_symptom_in_the_logs_is_seen_in_loki(tmp_path: Path) -> None:
    text = BINDINGS.read_text().replace("slos/*.yaml", f"{BINDINGS.parent / 'slos'}/*.yaml")
    (tmp_path / "gameday.yaml").write_text(text + SELECTOR)
    (tmp_path / "loki").mkdir()
    with real_loki(tmp_path / "loki") as url, collecting(tmp_path / "run", url):
        done = gameday(
            "run", RUNBOOK, "--bindings", "gameday.yaml", "--only", "TIMEOUT", "--loki-url", url, "--no-history",
            "--out", "run", cwd=tmp_path, timeout_s=600,
        )  # fmt: skip
    [drill] = json.loads((tmp_path / "run" / "result.json").read_text())["drills"]
    [symptom] = [each for each in drill["symptoms"] if each["text"] == "Timeout errors in logs"]
    assert symptom["seen"], done.stderr[-2000:]
    samples = [each for each in read_events(tmp_path / "run" / "record.jsonl") if isinstance(each, ProbeSampled)]
    counts = {
        side: [each.values[TIMEOUTS]["loki"] for each in samples if each.side == side and each.values.get(TIMEOUTS)]
        for side in ("treatment", "control")
    }
    for side, found in counts.items():
        lines = sum(
            path.read_text().lower().count("timeout")
            for path in (tmp_path / "run").glob(f"drills/TIMEOUT/{side}/platform/logs/inference/*/*.log")
        )
        assert 0 < found[-1] <= lines, f"{side}: {found[-1]} of {lines}"
        assert found == sorted(found)

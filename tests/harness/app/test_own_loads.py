"""Whole drills with the load of a plain locustfile, and what their results say about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.record.events import LoadStarted
from harness.record.journal import read_events
from tests.support.gameday import gameday, left

LOCUSTFILE = """\
from locust import FastHttpUser, constant, task


class Caller(FastHttpUser):
    wait_time = constant(0.3)

    @task
    def infer(self):
        body = {"model": "small", "prompt": "explain the weather", "max_tokens": 16}
        self.client.post("/v1/infer", json=body, headers={"X-Tenant": "acme"}, name="infer")
"""
RUNBOOK = """\
# Operations

### SLOW: Inference is slow

**Symptoms:**

- P95 > 500ms

**Commands:**

```bash
kubectl scale deployment inference --replicas=3 -n production
```
"""
BINDINGS = """\
version: 1
slos: {fast: p95(infer) < 500ms, available: availability(callers) >= 95%}
faults:
  slow: [{at: inference, fault: slot-loss, slots: 5}, {at: load, fault: surge, factor: 2}]
runbooks:
  SLOW: {scenario: callers.py, users: 20, service: api-gateway, series: infer, fault: slow, slos: [fast, available]}
"""


@pytest.mark.slow
def test_drill_with_a_plain_locustfile_says_what_its_closed_load_understates(tmp_path: Path) -> None:
    for name, text in (("callers.py", LOCUSTFILE), ("ops.md", RUNBOOK), ("gameday.yaml", BINDINGS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = gameday("run", "ops.md", "--out", "run", cwd=tmp_path, timeout_s=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "findings    closed load: each of 20 users waits for its answer before it sends again." in done.stdout
    started = [each for each in read_events(tmp_path / "run" / "record.jsonl") if isinstance(each, LoadStarted)]
    assert {(each.engine, each.series) for each in started} == {("locust, 20 users", ("callers",))}
    assert left(tmp_path / "run") == []

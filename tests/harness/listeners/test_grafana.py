"""Annotations of a drill: the fault, its steps and its verdict as regions; after an error no further one."""

from __future__ import annotations

from pathlib import Path

from harness.listeners.grafana import Annotations
from harness.observability.api import Api
from harness.record.journal import read_events
from tests.support.grafana import Grafana, running
from tests.support.simulated_drill import World, incident


def replay(folder: Path, token: str) -> tuple[Grafana, list[str]]:
    """The annotations of a simulated drill, and what failed."""
    world, grafana, failed = World(folder, incident), Grafana({}), list[str]()
    world.run()
    with running(grafana) as server:
        listener = Annotations(Api("Grafana", server.url, "--grafana-url", token), world.judges.of, failed.append)
        for event in read_events(world.journal.path):
            listener(event)
    return grafana, failed


def test_the_fault_the_steps_and_the_verdict_are_regions(tmp_path: Path) -> None:
    grafana, failed = replay(tmp_path, "right")
    assert failed == []
    kinds = [(each["tags"], each["text"]) for each in grafana.annotations]
    assert kinds == [
        (["gameday", "step", "WEB"], "WEB: line 30: kubectl scale deployment web --replicas=3"),
        (["gameday", "fault", "WEB"], "WEB: fault: f"),
        (["gameday", "verdict", "WEB"], "WEB: verdict: passed"),
    ]
    step, fault, verdict = ((int(str(each["time"])), int(str(each["timeEnd"]))) for each in grafana.annotations)
    assert verdict[0] < fault[0] < step[0] < step[1] < fault[1] < verdict[1]


def test_a_refusal_is_reported_once(tmp_path: Path) -> None:
    grafana, failed = replay(tmp_path, "wrong")
    assert grafana.annotations == []
    [only] = failed
    assert only.startswith("no further annotations: Grafana at http://127.0.0.1:")
    assert "refuses the token" in only

"""Alerts of Prometheus in a result: seconds from the fault on, and those that fired before it."""

from __future__ import annotations

from pathlib import Path

from harness.record.incident import AlertRaised
from harness.record.monitoring import AlertDelivered
from harness.report.text import to_text
from harness.verdict.gameday import GamedayResult
from tests.support.simulated_drill import START_S, World, incident


def run(folder: Path, **at_s: float) -> tuple[World, GamedayResult]:
    """A drill in which these alerts fire, at seconds since its start; `delivered` arrives then."""
    folder.mkdir(exist_ok=True)
    world, left = World(folder, incident), dict(at_s)

    def at(now_s: float) -> None:
        for name in [name for name, due_s in left.items() if now_s >= due_s]:
            del left[name]
            if name == "delivered":
                world.record(AlertDelivered(alert="Fast"))
            else:
                source = "slo" if name == "Own" else "prometheus"
                world.record(AlertRaised(alert=name, priority="P0", text="", slo="availability", source=source))  # type: ignore[arg-type]

    world.at = at
    return world, world.run()


def test_an_alert_has_its_seconds_from_the_fault_on(tmp_path: Path) -> None:
    world, plain = run(tmp_path / "plain")
    assert plain.drills[0].prometheus_alerts == ()
    fault_s = (world.fault_at or 0.0) - START_S
    _, found = run(tmp_path / "fired", Fast=fault_s + 4, Own=fault_s + 4, delivered=fault_s + 6)
    [alert] = found.drills[0].prometheus_alerts
    assert (alert.name, alert.priority, alert.slo) == ("Fast", "P0", "availability")
    assert (alert.after_s, alert.delivered_after_s) == (4.0, 6.0)
    assert "alerts      P0 Fast fired in Prometheus 4.0 s after the fault, at Alertmanager 6.0 s" in to_text(found)
    assert found.drills[0].verdict == plain.drills[0].verdict


def test_an_alert_before_the_fault_is_a_finding(tmp_path: Path) -> None:
    _, found = run(tmp_path, Early=1.0)
    assert any(text.startswith("the alert Early fired ") and text.endswith(" s before the fault")
               for text in found.drills[0].findings)  # fmt: skip

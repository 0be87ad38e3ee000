"""What a person sees of a drill: alerts, phases and progress, and neither the fault nor the runbook."""

from __future__ import annotations

import re
from pathlib import Path

from harness.gameday.judging import LiveJudges
from harness.listeners.handling import HandlingDisplay
from harness.record.incident import AlertRaised
from harness.record.journal import read_events
from tests.support.events import EVERY_KIND
from tests.support.simulated_drill import World, incident


def shown_of(world: World) -> list[str]:
    shown: list[str] = []
    judges = LiveJudges()
    world.run()
    display = HandlingDisplay(judges.of, shown.append)
    for event in read_events(world.journal.path):
        judges.put(event)
        display(event)
    return shown


def test_alerts_and_phases_are_shown_and_nothing_that_names_runbook_symptom_or_fault(tmp_path: Path) -> None:
    symptoms = (("secret symptom", "error_rate(gateway) > 5%"),)
    world = World(
        tmp_path, incident, symptoms=symptoms, title="Secret title", runbook="SECRET", fault="secret fault (secret)"
    )
    shown = shown_of(world)
    starts = ["── the platforms start", "── the load runs", "ALERT P0", "── the incident is handled", "── the response"]
    found = [next(n for n, line in enumerate(shown) if line.startswith(start)) for start in starts]
    assert found == sorted(found)
    assert "✓ every SLO holds again" in shown
    assert "secret" not in "\n".join(shown).lower()


def test_a_person_who_waits_for_the_verdict_sees_what_it_still_waits_for(tmp_path: Path) -> None:
    shown = shown_of(World(tmp_path, incident))
    ended = next(n for n, line in enumerate(shown) if line.startswith("── the response has ended"))
    waits = [n for n, line in enumerate(shown) if line.startswith("   ")]
    assert waits
    assert min(waits) > ended, "before, it would show what a hidden drill hides"
    assert re.fullmatch(r"   about \d+ s more · availability 100 % .*>= 99%", shown[waits[0]])


def test_the_display_takes_every_kind_of_event() -> None:
    shown: list[str] = []
    judges = LiveJudges()
    display = HandlingDisplay(judges.of, shown.append)
    for event in EVERY_KIND:
        judges.put(event)
        display(event)
    assert "✗ the drill crashed; the report says why" in shown
    assert "✗ a revert failed on the treatment" in shown


def test_what_prometheus_fires_is_no_alert_that_a_person_handles() -> None:
    shown: list[str] = []
    HandlingDisplay(LiveJudges().of, shown.append)(
        AlertRaised(alert="FastBurn", priority="P0", text="slow", source="prometheus")
    )
    assert shown == ["  Prometheus fires FastBurn, P0"]

"""What a person sees of a drill: alerts and phases, and neither the fault nor the runbook."""

from __future__ import annotations

from pathlib import Path

from harness.listeners.handling import HandlingDisplay
from harness.record.journal import read_events
from tests.support.events import EVERY_KIND
from tests.support.simulated_drill import World, incident


def shown_of(world: World) -> list[str]:
    shown: list[str] = []
    world.run()
    display = HandlingDisplay(shown.append)
    for event in read_events(world.journal.path):
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


def test_the_display_takes_every_kind_of_event() -> None:
    shown: list[str] = []
    display = HandlingDisplay(shown.append)
    for event in EVERY_KIND:
        display(event)
    assert "✗ the drill crashed; the report says why" in shown
    assert "✗ a revert failed on the treatment" in shown

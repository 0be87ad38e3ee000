"""Alerts by burn rate in simulated drills: when they are raised, with which priority, and the same from the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.record.event import TREATMENT
from harness.record.header import SloPlan
from harness.record.incident import AlertRaised
from harness.record.journal import read_events
from harness.verdict.burning import HOUR_S, RULES, burn_rate, firing
from harness.verdict.judges import Judges
from harness.verdict.result import DrillResult
from tests.support.simulated_drill import World, incident

LATE = (("late", "error_rate(gateway) > 99%"),)
"""A symptom that never appears, so that the drill waits for it to its limit and rules have time to fire."""


def constant(share: float) -> Callable[[str, float | None, bool], float]:
    return lambda side, since, healed: 0.0 if since is None or healed else share


def drilled(folder: Path, share: float, **more: object) -> DrillResult:
    (drill,) = World(folder, constant(share), symptoms=LATE, **more).run().drills  # type: ignore[arg-type]
    return drill


def test_the_windows_are_those_of_the_workbook_at_one_scale() -> None:
    hours = [(rule.burn, rule.long_s / HOUR_S, rule.short_s / HOUR_S * 60) for rule in RULES]
    assert hours == [(14.4, 1, 5), (6.0, 6, 30), (1.0, 72, 360)]


@pytest.mark.parametrize(
    ("share", "priority", "after_s"),
    [(0.5, "P0", 14.4 * 12 / 50), (0.2, "P0", 14.4 * 12 / 20), (0.1, "P1", 6 * 72 / 10)],
)
def test_the_faster_the_budget_burns_the_sooner_and_the_more_urgent_is_the_alert(
    tmp_path: Path, share: float, priority: str, after_s: float
) -> None:
    (alert,) = drilled(tmp_path, share).alerts
    assert (alert.priority, alert.slo, alert.source) == (priority, "availability", "slo")
    assert after_s <= alert.raised_s <= after_s + 3, (
        "the simulation goes on by whole seconds, and a slice has to settle"
    )
    assert f"limit {14.4 if priority == 'P0' else 6:g}" in alert.text
    assert "objective availability(gateway) >= 99%" in alert.text


def test_an_slo_that_becomes_worse_gets_a_second_more_urgent_alert(tmp_path: Path) -> None:
    def worse(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None else 0.1 if since < 48 else 0.5

    (drill,) = World(tmp_path, worse, symptoms=LATE).run().drills
    assert [alert.priority for alert in drill.alerts] == ["P1", "P0"]


def test_a_slow_burn_raises_no_alert_in_the_time_of_a_drill(tmp_path: Path) -> None:
    assert drilled(tmp_path, 0.03).alerts == ()


def test_a_response_that_begins_before_a_rule_fires_has_an_alert_all_the_same(tmp_path: Path) -> None:
    (drill,) = World(tmp_path, constant(0.08)).run().drills
    (alert,) = drill.alerts
    assert (alert.priority, alert.source) == ("P1", "drill")
    assert "the response begins before a rule fires" in alert.text


def test_an_objective_without_an_error_budget_alerts_when_it_is_broken(tmp_path: Path) -> None:
    none = SloPlan("no error", "count(gateway, http_503) == 0", 28 * 86400.0)
    (drill,) = World(tmp_path, constant(0.03), symptoms=LATE, more_slos=(none,)).run().drills
    assert [(alert.priority, alert.slo) for alert in drill.alerts] == [("P1", "no error")]
    assert drill.alerts[0].text.endswith("it has no error budget")


def test_no_alert_before_the_fault_and_none_on_the_control(tmp_path: Path) -> None:
    def control_only(side: str, since: float | None, healed: bool) -> float:
        return 0.5 if since is not None and side != TREATMENT else 0.0

    (drill,) = World(tmp_path, control_only, symptoms=LATE).run().drills
    assert drill.alerts == ()


def test_every_recorded_alert_of_a_rule_fires_again_from_the_record_alone(tmp_path: Path) -> None:
    drilled(tmp_path, 0.5)
    judges, found = Judges(), 0
    for event in read_events(tmp_path / "record.jsonl"):
        if isinstance(event, AlertRaised):
            state = judges.by_drill[event.drill].state
            assert (event.slo, event.text) in [(each.slo, each.text) for each in state.due]
            assert [each.slo for each in firing(state)] == [event.slo]
            rate = burn_rate(state, state.slos[0], RULES[0].long_s)
            assert rate is not None
            assert rate >= RULES[0].burn
            found += 1
        judges.add(event)
    assert found == 1


def test_alerts_are_mitigated_when_their_slo_is_known_to_hold_again(tmp_path: Path) -> None:
    (drill,) = World(tmp_path, incident).run().drills
    (alert,) = drill.alerts
    mitigated_s, recovered_s = alert.after_s("mitigated"), drill.times.recover_s
    assert mitigated_s is not None
    assert recovered_s is not None
    assert alert.raised_s + mitigated_s > recovered_s, "what is known follows what happened"
    assert drill.alerts[0].handled[0].by == "gameday"


def test_alerts_of_an_incident_that_goes_on_are_not_mitigated(tmp_path: Path) -> None:
    (drill,) = World(tmp_path, incident, heals=False).run().drills
    (alert,) = drill.alerts
    assert alert.after_s("mitigated") is None

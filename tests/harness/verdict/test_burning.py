"""Alerts by burn rate in simulated drills: when they are raised, with which priority, and the same from the record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.drill import Limits
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


Bad = Callable[[str, float | None, bool], float]


def constant(share: float) -> Bad:
    return lambda side, since, healed: 0.0 if since is None or healed else share


def waiting(folder: Path, bad: Bad, limit_s: float = 15.0, more_slos: tuple[SloPlan, ...] = ()) -> DrillResult:
    """A drill that waits for its symptom for `limit_s`."""
    limits = Limits(symptoms_s=limit_s)
    (drill,) = World(folder, bad, symptoms=LATE, limits=limits, more_slos=more_slos).run().drills
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
    (alert,) = waiting(tmp_path, constant(share), after_s + 5).alerts
    assert (alert.priority, alert.slo, alert.source) == (priority, "availability", "slo")
    assert after_s <= alert.raised_s <= after_s + 3, (
        "the simulation goes on by whole seconds, and a slice has to settle"
    )
    assert f"limit {14.4 if priority == 'P0' else 6:g}" in alert.text
    assert "objective availability(gateway) >= 99%" in alert.text


def test_an_slo_that_becomes_worse_gets_a_second_more_urgent_alert(tmp_path: Path) -> None:
    def worse(side: str, since: float | None, healed: bool) -> float:
        return 0.0 if since is None else 0.1 if since < 48 else 0.5

    assert [alert.priority for alert in waiting(tmp_path, worse, 60.0).alerts] == ["P1", "P0"]


def test_a_slow_burn_raises_no_alert_in_the_time_of_a_drill(tmp_path: Path) -> None:
    assert waiting(tmp_path, constant(0.03), 30.0).alerts == ()


def test_a_response_that_begins_before_a_rule_fires_has_an_alert_all_the_same(tmp_path: Path) -> None:
    (drill,) = World(tmp_path, constant(0.08)).run().drills
    (alert,) = drill.alerts
    assert (alert.priority, alert.source) == ("P1", "drill")
    assert "the response begins before a rule fires" in alert.text


def test_an_objective_without_an_error_budget_alerts_when_it_is_broken(tmp_path: Path) -> None:
    none = SloPlan("no error", "count(gateway, http_503) == 0", 28 * 86400.0)
    (alert,) = waiting(tmp_path, constant(0.03), more_slos=(none,)).alerts
    assert (alert.priority, alert.slo) == ("P1", "no error")
    assert alert.text.endswith("it has no error budget")


def test_no_alert_before_the_fault_and_none_on_the_control(tmp_path: Path) -> None:
    def control_only(side: str, since: float | None, healed: bool) -> float:
        return 0.5 if since is not None and side != TREATMENT else 0.0

    assert waiting(tmp_path, control_only).alerts == ()


def test_every_recorded_alert_of_a_rule_fires_again_from_the_record_alone(tmp_path: Path) -> None:
    waiting(tmp_path, constant(0.5))
    judges, found = Judges(), 0
    for event in read_events(tmp_path / "record.jsonl"):
        if isinstance(event, AlertRaised):
            state = judges.by_drill[event.drill].state
            assert [(each.slo, each.text) for each in firing(state, state.slos)] == [(event.slo, event.text)]
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


def test_an_incident_that_ends_before_the_response_is_not_mitigated(tmp_path: Path) -> None:
    def fades(side: str, since: float | None, healed: bool) -> float:
        return 0.5 if since is not None and since < 10 else 0.0

    assert [alert.handled for alert in waiting(tmp_path, fades, 40.0).alerts] == [()]


def test_alerts_of_an_incident_that_goes_on_are_not_mitigated(tmp_path: Path) -> None:
    (drill,) = World(tmp_path, incident, heals=False, limits=Limits(recovery_s=15.0)).run().drills
    (alert,) = drill.alerts
    assert alert.after_s("mitigated") is None

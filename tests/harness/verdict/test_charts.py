"""What is drawn of a drill: the measurements of both sides over time, on the axis of the fault."""

from __future__ import annotations

import pytest

from harness.record.event import CONTROL, TREATMENT
from harness.verdict.charts import Chart, Charts
from tests.support.simulated_drill import World, incident


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Charts:
    """A drill whose response heals half of all requests failing; the control stays broken."""
    (drill,) = World(tmp_path_factory.mktemp("drill"), incident).run().drills
    return drill.charts


def chart(drawn: Charts, title: str) -> Chart:
    (found,) = [each for each in drawn.charts if each.title == title]
    return found


def values(found: Chart, side: str, begin_s: float, end_s: float) -> set[float | None]:
    """The values of the first line of a side between two times."""
    line = next(line for line in found.lines if line.side == side)
    return {value for at_s, value in zip(found.times_s, line.values, strict=True) if begin_s < at_s < end_s}


def test_bad_arrivals_follow_the_incident_on_both_sides(drawn: Charts) -> None:
    bad = chart(drawn, "gateway: bad arrivals")
    recovered_s = next(phase.begin_s for phase in drawn.phases if phase.name == "recovery")
    control_ends_s = next(phase.end_s for phase in drawn.phases if phase.name == "recovery")
    assert values(bad, TREATMENT, -5, 0) == values(bad, CONTROL, -5, 0) == {0.0}
    assert values(bad, TREATMENT, 1, 3) == {50.0}
    assert values(bad, TREATMENT, recovered_s + 1, recovered_s + 5) == {0.0}
    assert values(bad, CONTROL, 1, control_ends_s - 2) == {50.0}


def test_arrivals_are_per_second(drawn: Charts) -> None:
    assert values(chart(drawn, "gateway: arrivals"), TREATMENT, -5, 5) == {100.0}


def test_limits_are_in_the_unit_of_the_chart(drawn: Charts) -> None:
    """An availability of 99 % allows 1 % of bad arrivals; the symptom is an error rate of 5 %."""
    limits = chart(drawn, "gateway: bad arrivals").limits
    assert {limit.text: limit.value for limit in limits} == {
        "availability(gateway) >= 99%": 1.0,
        "error_rate(gateway) > 5%": 5.0,
    }


def test_phases_follow_each_other_and_the_fault_is_at_zero(drawn: Charts) -> None:
    assert [phase.name for phase in drawn.phases][:2] == ["baseline", "symptoms"]
    assert all(left.end_s <= right.begin_s for left, right in zip(drawn.phases, drawn.phases[1:], strict=False))
    assert (drawn.marks[0].at_s, drawn.marks[0].text) == (0.0, "fault: f")
    assert "kubectl scale deployment web --replicas=3" in drawn.marks[1].text


def test_every_line_has_a_value_or_none_for_each_time(drawn: Charts) -> None:
    assert drawn.charts
    for each in drawn.charts:
        assert list(each.times_s) == sorted(set(each.times_s))
        assert all(len(line.values) == len(each.times_s) for line in each.lines)

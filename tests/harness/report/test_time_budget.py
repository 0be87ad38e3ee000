"""Where each second of a drill and of a run went: the rows add up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from harness.report.html import to_html
from harness.report.time_budget import outside_phases_s, spent_in
from harness.verdict.gameday import GamedayResult
from tests.support.simulated_drill import World, incident
from tests.support.step_facts import SCALE

SLOW = replace(SCALE, line=31, seconds=0.75)
SHORT = replace(SCALE, line=32, seconds=0.01)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> GamedayResult:
    return World(tmp_path_factory.mktemp("run"), incident, steps=(SLOW, SHORT)).run()


def test_phases_add_up_to_the_drill_and_steps_to_their_phase(result: GamedayResult) -> None:
    (drill,) = result.drills
    rows = spent_in(drill)
    phases = [row for row in rows if row.phase]
    assert [row.what for row in phases] == [phase.phase for phase in drill.phases]
    assert sum(row.percent for row in phases) == pytest.approx(100)
    response = next(row for row in phases if row.what == "response")
    parts = [row for row in rows if not row.phase]
    assert [row.what.split(":")[0] for row in parts] == ["line 31", "between the steps"]
    assert sum(row.seconds for row in parts) == pytest.approx(response.seconds)


def test_drill_that_never_had_a_phase_has_no_rows(result: GamedayResult) -> None:
    assert spent_in(replace(result.drills[0], phases=())) == []
    assert "Time budget" not in to_html(replace(result, drills=(replace(result.drills[0], phases=()),)))


def test_seconds_outside_the_phases_are_those_that_no_drill_was_in(result: GamedayResult) -> None:
    (drill,) = result.drills
    spans = drill.charts.phases
    inside = spans[-1].end_s - spans[0].begin_s
    assert outside_phases_s(replace(result, seconds=inside + 7)) == pytest.approx(7)
    moved = replace(drill.charts, zero_s=drill.charts.zero_s + inside / 2)
    later = replace(drill, draw=lambda: moved)
    both = replace(result, drills=(later, drill), seconds=1.5 * inside + 2)
    assert outside_phases_s(both) == pytest.approx(2), "two drills at the same time count once"


def test_page_shows_every_row_with_its_share(result: GamedayResult) -> None:
    page = to_html(result)
    rows = spent_in(result.drills[0])
    assert page.count('<span class="bar" style="width: ') == len(rows)
    assert f'style="width: {rows[1].percent:.1f}%"' in page

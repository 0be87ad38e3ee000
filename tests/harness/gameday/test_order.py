"""The order in which drills start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.bindings import load
from harness.gameday.order import start_order
from harness.plan import GamedayPlan, make_plan
from harness.record.steps import Purpose
from harness.runbook import read as read_document
from tests.support.paths import RUNBOOK
from tests.support.slo import BOUND, write_bindings


def plan_of(folder: Path, *purposes: tuple[Purpose, ...]) -> GamedayPlan:
    """One drill for each row of purposes of its steps, with the ids D0, D1, …"""
    plan = make_plan(read_document(RUNBOOK), load(write_bindings(folder, BOUND)), ["TIMEOUT"])
    (drill,) = plan.drills
    step = drill.steps[0]
    drills = (
        replace(
            drill,
            runbook=replace(drill.runbook, id=f"D{number}"),
            steps=tuple(replace(step, purpose=each) for each in row),
        )
        for number, row in enumerate(purposes)
    )
    return replace(plan, drills=tuple(drills))


@pytest.mark.parametrize(("jobs", "order"), [(1, "0123"), (2, "2013"), (8, "2013")])
def test_longest_drill_starts_first_unless_they_run_one_after_the_other(tmp_path: Path, jobs: int, order: str) -> None:
    short, middle = ("read",), ("read", "change", "change")
    plan = plan_of(tmp_path, middle, middle, (*middle, "change"), short)
    assert "".join(drill.runbook.id[1:] for drill in start_order(plan.drills, jobs)) == order


def test_drill_without_steps_starts_last(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, (), ("read",))
    assert [drill.runbook.id for drill in start_order(plan.drills, 4)] == ["D1", "D0"]

"""For how long a sequential control is observed, and which side comes first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.bindings import SequentialControl, load
from harness.gameday.headers import Draw, drill_header
from harness.gameday.observation import MARGIN, SPARE_S, control_plan
from harness.history.vif import History
from harness.plan import GamedayPlan, make_plan
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import ControlPlanned
from harness.record.steps import Purpose
from harness.runbook import read as read_document
from harness.stats.hazard import ratio_needed
from tests.support.paths import RUNBOOK
from tests.support.slo import BOUND, changed, write_bindings


def plan_of(folder: Path, control: SequentialControl | None, *changes: tuple[str, str]) -> GamedayPlan:
    bound = load(write_bindings(folder, changed(BOUND, *changes)))
    return make_plan(read_document(RUNBOOK), replace(bound, control=control), ["TIMEOUT"])


def observed_s(plan: GamedayPlan, *earlier_s: float) -> float:
    found = control_plan(plan.drills[0], plan, earlier_s)
    assert found is not None
    return found.observe_s


def test_control_without_a_reason_is_beside_the_treatment(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, None)
    assert control_plan(plan.drills[0], plan, ()) is None
    firsts = {drill_header(plan.drills[0], plan, History(), Draw(seed, 0.1)).first for seed in range(40)}
    assert firsts == {CONTROL, TREATMENT}


def test_sequential_control_is_always_first(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SequentialControl("one database"))
    firsts = {drill_header(plan.drills[0], plan, History(), Draw(seed, 0.1)).first for seed in range(40)}
    assert firsts == {CONTROL}


def test_bindings_or_option_decide_first(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SequentialControl("one database", 80))
    assert control_plan(plan.drills[0], plan, (200.0,)) == ControlPlanned(why="one database", observe_s=80)


def test_first_run_counts_the_steps_and_a_later_one_uses_what_was_needed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, SequentialControl("one database"))
    (drill,) = plan.drills

    def with_steps(*purposes: Purpose) -> GamedayPlan:
        steps = tuple(replace(step, purpose=each) for step, each in zip(drill.steps, purposes, strict=False))
        return replace(plan, drills=(replace(drill, steps=steps),))

    assert observed_s(with_steps("read", "change", "manual")) == MARGIN * 2 * (10 + 2 + 5 + 10)
    assert observed_s(with_steps("manual")) == MARGIN * (10 + 10 + 20)
    changes_at_once = observed_s(with_steps(*["change"] * 4)) / MARGIN
    assert changes_at_once == pytest.approx((10 + 20 + 10) * ratio_needed(30, 10, 0.1), abs=0.1)
    assert changes_at_once > 2 * (10 + 20 + 10), "a long window needs more exposure"
    assert observed_s(plan, 40.0, 100.0, 60.0) == 125.0


def test_observation_ends_before_the_fault_does(tmp_path: Path) -> None:
    short = plan_of(tmp_path, SequentialControl("one database"), ("factor: 2", "factor: 2, max_duration_s: 90"))
    assert observed_s(short, 400.0) == 90 - SPARE_S

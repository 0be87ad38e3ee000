"""Figures of one drill: times and their intervals, effects of steps, SLOs that did not break, and what was reverted."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp

import pytest

from harness.app import render
from harness.errors import PlatformError
from harness.record.event import CONTROL, TREATMENT, Event
from harness.record.events import DrillStarted, FaultReverted, ProbeSampled, StepExecuted
from harness.record.header import SloPlan
from harness.record.journal import read_events
from harness.verdict.gameday import judge_record
from harness.verdict.result import DrillResult
from tests.support.figures import without_contradiction
from tests.support.simulated_drill import World, incident, ran
from tests.support.step_facts import MANUAL

SCALE = ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",))
PLACEBO = replace(SCALE, line=31, text="kubectl set env deployment/web PLACEBO=1", changed=("deployment/web PLACEBO",))


def judged_again(world: World, change: Callable[[Event], Event]) -> DrillResult:
    """The drill of a world that has run, with some of its events changed."""
    result = judge_record([change(event) for event in read_events(world.journal.path)])
    return without_contradiction(result).drills[0]


def with_slo(name: str, objective: str) -> Callable[[Event], Event]:
    def change(event: Event) -> Event:
        plan = SloPlan(name, objective, 86400.0)
        return replace(event, slos=(*event.slos, plan)) if isinstance(event, DrillStarted) else event

    return change


def test_recovery_lies_in_its_interval_when_the_last_slo_to_recover_is_sampled(tmp_path: Path) -> None:
    fill = SloPlan("fill", "metric(web, fill) < 5", 86400.0)
    world = World(tmp_path, incident, rate=1000, more_slos=(fill,))

    def sampled(_: float) -> None:
        healed_s = (world.healed_at or world.now) if world.healed else None
        full = world.fault_at is not None and (healed_s is None or world.now < healed_s + 3)
        value = 9.0 if full else 1.0
        world.record(ProbeSampled(side=TREATMENT, values={"metric(web, fill)": {"web-0": value}}))
        world.record(ProbeSampled(side=CONTROL, values={"metric(web, fill)": {"web-0": 1.0}}))

    world.at = sampled
    world.run()
    times = judged_again(world, lambda event: event).times
    assert times.recover_s is not None
    assert times.recover_interval_s is not None
    assert times.recover_interval_s[0] <= times.recover_s <= times.recover_interval_s[1]
    assert times.recover_s > 5, "the fill level fell three seconds after the errors ended"


def test_times_count_from_the_fault_on_the_treatment_although_the_control_takes_longer(tmp_path: Path) -> None:
    prompt, slow = (World(Path(mkdtemp(dir=tmp_path)), incident) for _ in range(2))

    def apply() -> None:
        for _ in range(5 if slow.fault_at else 0):
            slow.second()

    slow.on_apply = apply
    times = [world.run().drills[0].times for world in (prompt, slow)]
    assert times[0].detect_s == times[1].detect_s == 1.5
    assert times[0].onset_interval_s == times[1].onset_interval_s
    assert times[1].recover_s == pytest.approx(times[0].recover_s, abs=5.5)


def test_slo_that_did_not_break_is_measured_from_the_fault_to_the_response(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.run()
    broken, held = judged_again(world, with_slo("most", "error_rate(gateway) < 90%")).slos
    assert broken.during is not None
    assert held.during is not None
    assert (held.during.holds, held.during.seconds) == (True, 2.0)
    assert broken.during.holds is False


def effects(world: World) -> dict[int, bool]:
    """Whether each step moved the SLO, by its line; the steps take a quarter of a second and follow each other."""
    world.run()

    def timed(event: Event) -> Event:
        if isinstance(event, StepExecuted):
            return replace(event, facts=replace(event.facts, started_s=event.t_s - 0.25, seconds=0.25))
        return event

    return {step.facts.line: step.effects[0].moved for step in judged_again(world, timed).steps}


def test_step_after_the_remedy_moves_nothing(tmp_path: Path) -> None:
    assert effects(World(tmp_path, incident, steps=(SCALE, PLACEBO))) == {30: True, 31: False}


def test_step_before_the_remedy_moves_nothing(tmp_path: Path) -> None:
    world = World(tmp_path, incident, heals=False)
    world.steps = (PLACEBO, SCALE)
    world.bad = lambda side, since, healed: incident(side, since, side == TREATMENT and world.executed == 2)
    assert effects(world) == {30: True, 31: False}


@pytest.mark.parametrize(("manual", "text"), [(1, "1 step is left to a person"), (2, "2 steps are left to a person")])
def test_steps_for_a_person_are_counted_in_the_reason(manual: int, text: str, tmp_path: Path) -> None:
    (drill,) = World(tmp_path, incident, steps=(SCALE, *[MANUAL] * manual)).run().drills
    assert f"all executed steps succeeded ({text})" in drill.why[0]


def test_reverts_of_both_sides_are_recorded_and_reported(tmp_path: Path) -> None:
    result = World(tmp_path, incident).run()
    reverted = [event for event in read_events(tmp_path / "record.jsonl") if isinstance(event, FaultReverted)]
    assert sorted((event.side, event.ok) for event in reverted) == [(CONTROL, True), (TREATMENT, True)]
    drill = json.loads(render(result, "json"))["drills"][0]
    assert (drill["reverted"], drill["control_reverted"]) == (True, True)
    assert "reverted on both sides" in render(result)


def test_failed_revert_of_the_control_is_a_finding(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    world.control_revert_error = PlatformError("it is stuck")
    (drill,) = world.run().drills
    assert (drill.verdict.value, drill.reverted, drill.control_reverted) == ("passed", True, False)
    assert "control: a fault was not reverted before it was taken down: it is stuck" in drill.findings
    assert "reverted on the treatment only" in render(judge_record(list(read_events(world.journal.path))))

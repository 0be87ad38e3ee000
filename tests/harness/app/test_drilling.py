"""Which incident a drill has, and how long its fault and load last."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.app.drilling import choose
from harness.app.handling import LONGEST_FAULT_S, Handling, handling_of
from harness.app.planning import PlanRequest, read_plan
from harness.errors import BindingError, MachineError
from harness.plan import GamedayPlan
from harness.responders.person import PersonResponder
from harness.responders.program import ProgramResponder
from tests.support.paths import BINDINGS, RUNBOOK


@pytest.fixture(scope="module")
def plan() -> GamedayPlan:
    return read_plan(PlanRequest(Path(RUNBOOK), Path(BINDINGS)))


def test_the_seed_draws_the_incident(plan: GamedayPlan) -> None:
    drawn = [choose(plan, (), None, seed).runbook.id for seed in range(30)]
    assert drawn == [choose(plan, (), None, seed).runbook.id for seed in range(30)]
    assert set(drawn) == {drill.runbook.id for drill in plan.drills}


def test_a_fault_and_a_runbook_restrict_the_draw(plan: GamedayPlan) -> None:
    by_fault = {drill.binding.fault: drill.runbook.id for drill in plan.drills if drill.binding}
    for fault, runbook in by_fault.items():
        assert choose(plan, (), fault, 1).runbook.id == runbook
    assert choose(plan, ("TIMEOUT",), None, 1).runbook.id == "TIMEOUT"


def test_an_unknown_fault_is_named_with_those_that_exist(plan: GamedayPlan) -> None:
    with pytest.raises(BindingError, match=r"--fault nope: .* has no such incident; it has TIMEOUT \("):
        choose(plan, (), "nope", 1)


def test_fault_and_load_outlast_a_slow_response(plan: GamedayPlan) -> None:
    handling = Handling(PersonResponder(), 900.0)
    (spec, *_) = handling.lengthened(plan).bindings.faults["new-clients"]
    assert 3 * 900 < spec.max_duration_s <= LONGEST_FAULT_S
    assert float(handling.load_settings["GAMEDAY_DURATION_S"]) == spec.max_duration_s
    assert handling.limits(5.0).extension_s == 900.0


def test_the_runbook_changes_nothing_about_a_run(plan: GamedayPlan) -> None:
    handling = handling_of("runbook", plan)
    assert handling.lengthened(plan) is plan
    assert handling.load_settings == {}
    assert handling.limits(0.0).extension_s == 0.0


def test_a_command_line_is_a_responder_that_knows_the_whole_document(plan: GamedayPlan) -> None:
    responder = handling_of("true --fast", plan).responder
    assert isinstance(responder, ProgramResponder)
    assert [section.id for section in responder.sections] == [*(drill.runbook.id for drill in plan.drills), ""]


def test_a_run_refuses_a_person_and_a_program_that_does_not_exist(plan: GamedayPlan) -> None:
    with pytest.raises(BindingError, match="gameday drill"):
        handling_of("human", plan)
    with pytest.raises(MachineError, match="humna"):
        handling_of("humna", plan)

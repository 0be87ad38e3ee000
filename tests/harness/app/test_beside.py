"""The run that a response is shown beside: asked for, or the newest of the history that passed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.app.beside import run_beside
from harness.app.history import keep
from harness.app.planning import PlanRequest, read_plan
from harness.errors import BindingError, GamedayError
from harness.plan import DrillPlan
from tests.support.paths import BINDINGS, RUNBOOK
from tests.support.responses import let_person_write, typed
from tests.support.simulated_drill import World, incident

FAULT = "f (load: surge)"


@pytest.fixture(scope="module")
def drill() -> DrillPlan:
    (found,) = read_plan(PlanRequest(Path(RUNBOOK), Path(BINDINGS), only=("TIMEOUT",))).drills
    assert found.binding is not None
    return replace(found, binding=replace(found.binding, fault="f"))


def run(folder: Path, *, person: bool = False, heals: bool = True, fault: str = FAULT) -> Path:
    """The directory of a simulated drill of this runbook."""
    folder.mkdir()
    world = World(folder, incident, runbook="TIMEOUT", heals=heals, fault=fault)
    if person:
        let_person_write(world, typed())
    world.run()
    return folder


def test_a_run_that_is_asked_for_is_taken_whatever_its_verdict(drill: DrillPlan, tmp_path: Path) -> None:
    found = run_beside(drill, run(tmp_path / "a", heals=False), None)
    assert found is not None
    assert (found.run, found.verdict, found.steps, found.recover_s) == (str(tmp_path / "a"), "failed", 1, None)


def test_the_newest_run_that_passed_is_taken_if_its_record_is_still_there(drill: DrillPlan, tmp_path: Path) -> None:
    history = tmp_path / "history.db"
    assert run_beside(drill, None, history) is None
    for name, person in (("good", False), ("person", True), ("gone", False)):
        keep(run(tmp_path / name, person=person), history)
    (tmp_path / "gone" / "record.jsonl").unlink()
    found = run_beside(drill, None, history)
    assert found is not None
    assert (found.run, found.verdict) == (str(tmp_path / "good"), "passed")
    assert found.recover_s is not None


def test_a_run_of_another_incident_or_responder_is_refused(drill: DrillPlan, tmp_path: Path) -> None:
    with pytest.raises(BindingError, match="no drill of the same incident"):
        run_beside(drill, run(tmp_path / "other", fault="another (x)"), None)
    with pytest.raises(GamedayError, match="no record"):
        run_beside(drill, tmp_path / "nothing", None)

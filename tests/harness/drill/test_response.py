"""Simulated drills in which a person or a program handles the incident."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.drill import Limits
from harness.record.events import StepExecuted
from harness.record.header import DashboardPlan
from harness.record.incident import NoteTaken
from harness.verdict.result import Verdict
from tests.support.responses import let_person_write, typed
from tests.support.simulated_drill import World, incident, ran


def test_a_recovery_after_a_typed_command_that_changed_something_is_credited(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    let_person_write(world, typed())
    result = world.run()
    assert result.verdict is Verdict.PASSED, result.why
    assert "human ran 1 command" in result.drills[0].why[0]


def test_a_recovery_without_any_change_is_not_credited(tmp_path: Path) -> None:
    world = World(tmp_path, incident)
    let_person_write(world, typed(changed=()))
    result = world.run()
    assert result.verdict is Verdict.INCONCLUSIVE
    assert "no step had changed anything" in result.drills[0].why[0]


def test_a_person_who_does_not_restore_the_slos_fails(tmp_path: Path) -> None:
    world = World(tmp_path, incident, heals=False)
    let_person_write(world, typed())
    assert world.run().verdict is Verdict.FAILED


def test_a_step_that_failed_on_the_way_is_a_finding_and_no_failure(tmp_path: Path) -> None:
    failed = StepExecuted(facts=ran("read", "kubectl get pods", status=1))
    board = DashboardPlan(9, "Prometheus: no_such_metric", "Prometheus", "no_such_metric")
    world = World(tmp_path, incident, dashboards=(board,))
    let_person_write(world, failed, typed())
    (drill,) = world.run().drills
    assert drill.verdict is Verdict.PASSED
    assert [each.verdict for each in drill.steps] == ["failed"]
    assert any("kubectl get pods" in each for each in drill.findings)
    assert any("no_such_metric" in each for each in drill.findings)


@pytest.mark.slow
@pytest.mark.parametrize(("extension_s", "verdict"), [(0.0, Verdict.INCONCLUSIVE), (900.0, Verdict.PASSED)])
def test_a_recovery_after_a_slow_response_is_observed_for_as_long_as_it_needs(
    tmp_path: Path, extension_s: float, verdict: Verdict
) -> None:
    world = World(tmp_path, incident, limits=Limits(extension_s=extension_s))
    thinking = [NoteTaken(by="Ann", text="still looking")] * 200
    let_person_write(world, *thinking, typed())
    assert world.run().verdict is verdict

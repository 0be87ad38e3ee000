"""From which values the toggles of a drill start, and which differences from the document are findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import load
from harness.cluster import manifest
from harness.gameday.toggles import drift, overrides
from harness.plan import GamedayPlan, Start, make_plan
from harness.runbook import parse, read
from tests.support.paths import BINDINGS, DATA, RUNBOOK
from tests.support.slo import BOUND, write_bindings

DOCUMENT = """# Ops

### TIMEOUT: Timeouts

**Symptoms:**

- P95 > 500ms

**Environment Toggles:**

- `{toggle}
"""
TOGGLES = "toggles: {MAX_RETRIES: api-gateway}\n"


def plan_of(tmp_path: Path, toggle: str, start: Start = Start.DEPLOYED) -> GamedayPlan:
    text = DOCUMENT.replace("{toggle}", toggle)
    return make_plan(parse(text, "ops.md"), load(write_bindings(tmp_path, BOUND + TOGGLES)), [], start)


def findings(plan: GamedayPlan, **deployed: str) -> list[str]:
    return list(drift(plan.drills[0], plan, {"api-gateway": deployed}))


INCREASE = "MAX_RETRIES`: Increase from 3 to 5"


def test_drill_starts_from_what_is_deployed(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, INCREASE)
    assert overrides(plan.drills[0], plan) == {}


def test_drill_starts_from_the_documented_values_on_request(tmp_path: Path) -> None:
    plan = plan_of(tmp_path, INCREASE, Start.DOCUMENTED)
    assert overrides(plan.drills[0], plan) == {"api-gateway": {"MAX_RETRIES": "3"}}


@pytest.mark.parametrize("start", Start)
def test_document_that_agrees_with_the_deployment_has_no_drift(tmp_path: Path, start: Start) -> None:
    assert findings(plan_of(tmp_path, INCREASE, start), MAX_RETRIES="3") == []


@pytest.mark.parametrize(("start", "value"), [(Start.DEPLOYED, "2"), (Start.DOCUMENTED, "3")])
def test_drift_names_both_values_and_the_start(tmp_path: Path, start: Start, value: str) -> None:
    assert findings(plan_of(tmp_path, INCREASE, start), MAX_RETRIES="2") == [
        "line 11: drift: MAX_RETRIES is deployed as 2 on api-gateway, the runbook documents 3; "
        f"the drill starts from {value}"
    ]


def test_target_that_is_deployed_already_changes_nothing(tmp_path: Path) -> None:
    assert findings(plan_of(tmp_path, INCREASE), MAX_RETRIES="5") == [
        "line 11: drift: MAX_RETRIES is deployed as 5 on api-gateway, the runbook documents 3: "
        "to set it to 5 changes nothing"
    ]


def test_target_without_a_documented_old_value_that_is_deployed_already_changes_nothing(tmp_path: Path) -> None:
    assert findings(plan_of(tmp_path, "MAX_RETRIES`: Set to 5"), MAX_RETRIES="5") == [
        "line 11: drift: MAX_RETRIES is deployed as 5 on api-gateway: to set it to 5 changes nothing"
    ]


def test_documented_start_makes_a_target_that_is_deployed_already_a_change(tmp_path: Path) -> None:
    assert findings(plan_of(tmp_path, INCREASE, Start.DOCUMENTED), MAX_RETRIES="5") == [
        "line 11: drift: MAX_RETRIES is deployed as 5 on api-gateway, the runbook documents 3; the drill starts from 3"
    ]


@pytest.mark.parametrize("start", Start)
def test_variable_that_is_not_deployed_is_a_finding(tmp_path: Path, start: Start) -> None:
    assert findings(plan_of(tmp_path, INCREASE, start), OTHER="1") == [
        "line 11: drift: MAX_RETRIES is not deployed on api-gateway, and the runbook sets it to 5"
    ]


@pytest.mark.parametrize("document", [RUNBOOK, DATA / "operations-user.md"], ids=["shipped", "user"])
def test_runbooks_of_this_project_document_what_is_deployed(document: Path) -> None:
    plan = make_plan(read(document), load(BINDINGS), [])
    assert [text for drill in plan.drills for text in drift(drill, plan, manifest.read().environments())] == []

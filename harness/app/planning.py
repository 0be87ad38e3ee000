"""Use case `plan`: what a run would do, and why it would refuse to start. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.errors import DocumentError, GamedayError
from harness.faults.factory import make_fault
from harness.load.job import check_shared
from harness.load.worker import find_scenario
from harness.plan import DrillPlan, GamedayPlan, Start, make_plan
from harness.runbook import nothing_to_test, read
from harness.steps.confinement import unavailable


@dataclass(frozen=True)
class PlanRequest:
    """Which document, which bindings, and which of its runbooks."""

    runbook: Path
    bindings: Path | None = None
    """None: `gameday.yaml` beside the document, else in the working directory, else the shipped one."""
    only: tuple[str, ...] = ()
    """Ids of runbooks; empty: all."""
    start: Start = Start.DEPLOYED
    """The values from which the toggles start."""


@dataclass(frozen=True)
class PlanResult:
    """The plan, and the problems with its scenarios and faults."""

    plan: GamedayPlan
    problems: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What this machine lacks for a run, although it can start."""
        return tuple(filter(None, [unavailable()]))

    @property
    def ready(self) -> bool:
        """Whether a run would start: no problem, no missing placeholder, no refused command."""
        return not self.problems and not any(step.missing or step.refusals for step in self.plan.steps())


def plan(request: PlanRequest) -> PlanResult:
    """Bind a document, and check scenarios and faults. Raises DocumentError and BindingError."""
    made = read_plan(request)
    return PlanResult(made, tuple(dict.fromkeys(str(error) for error in part_problems(made, None))))


def read_plan(request: PlanRequest) -> GamedayPlan:
    """Read document and bindings. Raises DocumentError when there is nothing to test, and BindingError."""
    document = read(request.runbook)
    nothing = nothing_to_test(document)
    if nothing:
        fix = f"`gameday show {request.runbook}` shows what was understood"
        raise DocumentError(f"{request.runbook}: nothing to test: {nothing}; {fix}")
    bound = bindings.load(bindings.find(request.runbook, request.bindings))
    return make_plan(document, bound, list(request.only), request.start)


def part_problems(plan: GamedayPlan, workers: int | None) -> Iterator[GamedayError]:
    """Problems with the scenarios and faults of all drills; `workers` generate the load in the cluster."""
    for drill in plan.drills:
        for check in (_check_scenario, _check_faults):
            try:
                check(drill, plan, workers)
            except GamedayError as error:
                yield error


def _check_scenario(drill: DrillPlan, plan: GamedayPlan, workers: int | None) -> None:
    if drill.binding is None:
        return
    find_scenario(drill.binding.scenario, plan.bindings.path.parent)
    if workers:
        check_shared(drill.binding.scenario, drill.binding.rate, workers)


def _check_faults(drill: DrillPlan, plan: GamedayPlan, workers: int | None) -> None:
    for spec in plan.bindings.faults[drill.binding.fault] if drill.binding else ():
        make_fault(spec)

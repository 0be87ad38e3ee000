"""Use case `plan`: what a run would do, and why it would refuse to start. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness import bindings
from harness.app.checks import part_problems
from harness.errors import DocumentError
from harness.plan import GamedayPlan, Start, make_plan
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
    """The plan, and the problems with the names in its bindings."""

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
    """Bind a document, and check the names in the bindings. Raises DocumentError and BindingError."""
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

"""Use case `plan`: what a run would do, and why it would refuse to start. Runs nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from harness import bindings
from harness.app.checks import part_problems
from harness.bindings import Bindings, SequentialControl
from harness.errors import BindingError, DocumentError
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
    sequential: bool = False
    """Whether the control runs before the treatment, on one platform, although the bindings do not say so."""
    observe_s: float | None = None
    """Seconds for which a sequential control is observed; None: as the bindings say."""


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
    return make_plan(document, replace(bound, control=_control(request, bound)), list(request.only), request.start)


def _control(request: PlanRequest, bound: Bindings) -> SequentialControl | None:
    """The sequential control of the bindings or of the request. Raises BindingError for one that is only observed."""
    asked = SequentialControl("--sequential was given") if request.sequential else None
    found = bound.control or asked
    if found is None and request.observe_s is not None:
        raise BindingError("--observe is for a sequential control: add --sequential, or `control` to the bindings")
    return found and replace(found, observe_s=request.observe_s or found.observe_s)

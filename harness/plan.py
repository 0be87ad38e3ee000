"""The plan of a run: a document and its bindings put together. Every problem is known before anything starts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path

from harness.bindings import Bindings, RunbookBinding, StepOrder
from harness.conditions import Condition
from harness.errors import BindingError, DocumentError, RefusedError
from harness.model import Document, Part, Runbook, Symptom, Unread
from harness.steps.step import Step, general_steps, runbook_steps


class Start(StrEnum):
    """The values from which the toggles of a drill start: those that are deployed, or the documented old ones."""

    DEPLOYED = "deployed"
    DOCUMENTED = "documented"


@dataclass(frozen=True)
class DrillPlan:
    """The plan of one drill."""

    runbook: Runbook
    binding: RunbookBinding | None
    """None if the bindings do not have the runbook's id."""
    symptoms: tuple[tuple[Symptom, Condition | None], ...]
    """Each symptom with the condition that the bindings or its text give it, once for each of several."""
    steps: tuple[Step, ...]
    unread: tuple[Unread, ...]
    """Text of the runbook that was not understood, so that it is not tested."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions to measure: those of the SLOs, then those of the bound symptoms."""
        slos = self.binding.slos.values() if self.binding else ()
        return (*(slo.condition for slo in slos), *(condition for _, condition in self.symptoms if condition))


@dataclass(frozen=True)
class GamedayPlan:
    """The plan of a whole run."""

    document: Document
    bindings: Bindings
    drills: tuple[DrillPlan, ...]
    general: tuple[Step, ...]
    findings: tuple[str, ...]
    start: Start = Start.DEPLOYED

    def steps(self) -> Iterator[Step]:
        """Yield the steps of every drill, then the general ones."""
        for drill in self.drills:
            yield from drill.steps
        yield from self.general


def make_plan(
    document: Document, bindings: Bindings, only: Sequence[str], start: Start = Start.DEPLOYED
) -> GamedayPlan:
    """Put document and bindings together. Raises DocumentError for an id in `only` that the document does not have."""
    known = {runbook.id for runbook in document.runbooks}
    for wanted in only:
        if wanted not in known:
            raise DocumentError(
                f"--only {wanted}: {document.path} has no such runbook; it has {', '.join(sorted(known)) or 'none'}"
            )
    chosen = [runbook for runbook in document.runbooks if not only or runbook.id in only]
    drills = tuple(_drill(runbook, document, bindings) for runbook in chosen)
    general = general_steps(document.general, bindings.placeholders, bindings.namespace, bindings.programs)
    return GamedayPlan(document, bindings, drills, general, tuple(_findings(document, bindings, bool(only))), start)


def _drill(runbook: Runbook, document: Document, bindings: Bindings) -> DrillPlan:
    binding = bindings.runbooks.get(runbook.id)
    symptoms = tuple(
        (symptom, condition)
        for symptom in runbook.symptoms
        for condition in ((binding.conditions_of(symptom) if binding else ()) or (None,))
    )
    symptoms += tuple(_alerts(runbook, binding))
    # A toggle without a Deployment is set on the runbook's service, so that the drill shows whether anything reads it.
    toggles = {
        toggle.name: bindings.toggles.get(toggle.name, binding.service if binding else "") for toggle in runbook.toggles
    }
    order = binding.order if binding else StepOrder.DOCUMENT
    placeholders, programs = bindings.placeholders_of(runbook), bindings.programs
    steps = runbook_steps(runbook, placeholders, toggles, bindings.namespace, order, programs)
    return DrillPlan(runbook, binding, symptoms, steps, tuple(_unread_inside(runbook, document)))


def _alerts(runbook: Runbook, binding: RunbookBinding | None) -> Iterator[tuple[Symptom, Condition]]:
    """The alerts of the incident: symptoms that the document need not have, at the line of the runbook."""
    for bound in binding.symptoms if binding else ():
        if bound.alert is not None:
            yield Symptom(runbook.line, f"the alert {bound.alert} fires"), bound.condition


def _unread_inside(runbook: Runbook, document: Document) -> Iterator[Unread]:
    """Yield what was not understood inside a runbook, except prose. A runbook ends where the next part begins."""
    procedures = (document.general, document.alerts, document.escalation, document.post_incident)
    parts: Iterator[Runbook | Part] = chain(document.runbooks, *procedures)
    end = min((part.line for part in parts if part.line > runbook.line), default=math.inf)
    for unread in document.unread:
        if runbook.line < unread.line < end and not unread.why.startswith("prose"):
            yield unread


def _findings(document: Document, bindings: Bindings, partial: bool) -> Iterator[str]:
    present = {runbook.id for runbook in document.runbooks}
    absent = ", ".join(name for name in bindings.runbooks if name not in present and _is_of(name, document, bindings))
    if absent and not partial:
        where = f"{bindings.path.name} binds {absent}, but {document.path}"
        yield f"{where} has no such runbook: cut, renamed or removed?"
    for name in (each for each in bindings.drafts if each in present):
        yield f"{name} is not drilled: {', '.join(_open_keys(name, bindings))}"
    for unread in document.unread:
        yield f"line {unread.line}: not understood ({unread.why}): {' '.join(unread.text.split())[:80]}"


def _is_of(name: str, document: Document, bindings: Bindings) -> bool:
    """Whether a bound runbook should be in the document: the bindings do not say that it is in another one."""
    own = bindings.runbooks[name].document
    return own is None or (bindings.path.parent / own).resolve() == Path(document.path).resolve()


def _open_keys(name: str, bindings: Bindings) -> Iterator[str]:
    for each in bindings.undecided:
        if each.runbook == name:
            yield f"{each.place}: {each.path} has no value"


def check(plan: GamedayPlan) -> None:
    """Raises BindingError with every placeholder that has no binding, else RefusedError with every refused command."""
    missing = [
        f"line {step.line}: `{name}` in `{_short(step)}` has no binding"
        for step in plan.steps()
        for name in step.missing
    ]
    if missing:
        where = f"bind it under `placeholders` in {plan.bindings.path}"
        raise BindingError("\n".join(dict.fromkeys(missing)) + f"\n{where}; `gameday plan` shows every value")
    refused = [f"line {step.line}: refused: `{_short(step)}`: {why}" for step in plan.steps() for why in step.refusals]
    if refused:
        raise RefusedError("\n".join(dict.fromkeys(refused)) + "\nNothing was run. Allowed: docs/reference/steps.md")


def _short(step: Step) -> str:
    return " ".join(step.text.split())

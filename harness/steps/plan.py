"""What would run, in the runbook's order; every refusal and open placeholder is known before anything starts."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.bash.analyse import Script, analyse
from harness.model import Action, Command, GeneralCommand, Runbook, Toggle
from harness.policy import classify
from harness.policy.check import refusals
from harness.record.steps import Purpose, StepKind
from harness.steps.placeholders import Filled, fill, pod_of


@dataclass(frozen=True)
class ToggleStep:
    """A toggle as an operator would apply it; `documented` is the value that the runbook says it starts at."""

    deployment: str
    name: str
    documented: str | None
    wanted: str


@dataclass(frozen=True)
class Step:
    """One thing to do. `shown` is `text` with its placeholders filled, as far as that is known before the run."""

    number: int
    line: int
    kind: StepKind
    purpose: Purpose
    text: str
    shown: str = ""
    placeholders: Mapping[str, str] = field(default_factory=dict)
    toggle: ToggleStep | None = None
    used: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan(runbook: Runbook, placeholders: Mapping[str, str], toggles: Mapping[str, str], namespace: str) -> list[Step]:
    """Actions, then commands, then toggles. `toggles`: Deployment by variable name."""
    steps = [step for action in runbook.actions for step in _action(action, placeholders)]
    steps += [_command("command", command, placeholders) for command in runbook.commands]
    steps += [_toggle(toggle, toggles, namespace) for toggle in runbook.toggles]
    return _checked(steps, namespace)


def plan_general(
    commands: Sequence[GeneralCommand], placeholders: Mapping[str, str], namespace: str = "production"
) -> list[Step]:
    """The general troubleshooting commands of a document."""
    return _checked([_command("general", command, placeholders) for command in commands], namespace)


def toggle_commands(toggle: ToggleStep, namespace: str) -> str:
    """Set it, wait for the rollout, read it back from a running pod; the value is the last line that this prints."""
    where, n = shlex.quote(f"deployment/{toggle.deployment}"), shlex.quote(namespace)
    return (
        f"kubectl set env {where} {shlex.quote(f'{toggle.name}={toggle.wanted}')} -n {n}"
        f" && kubectl rollout status {where} -n {n} --timeout=60s"
        f" && kubectl exec {where} -n {n} -- printenv {shlex.quote(toggle.name)}"
    )


def _action(action: Action, placeholders: Mapping[str, str]) -> Iterator[Step]:
    if not action.commands:
        yield Step(0, action.line, "action", "manual", action.text)
    for command in action.commands:
        yield _command("action", command, placeholders)


def _command(kind: StepKind, command: Command, placeholders: Mapping[str, str]) -> Step:
    filled = fill(command.text, placeholders)
    return Step(
        0,
        command.line,
        kind,
        classify.purpose(analyse(filled.text)),
        command.text,
        filled.text,
        placeholders,
        used=filled.used,
        missing=filled.missing,
    )


def _toggle(toggle: Toggle, toggles: Mapping[str, str], namespace: str) -> Step:
    deployment = toggles.get(toggle.name)
    if not deployment:
        return Step(0, toggle.line, "toggle", "change", toggle.text, missing=(f"toggles.{toggle.name}",))
    change = ToggleStep(deployment, toggle.name, toggle.old, toggle.new)
    return Step(0, toggle.line, "toggle", "change", toggle.text, toggle_commands(change, namespace), toggle=change)


def _checked(steps: Iterable[Step], namespace: str) -> list[Step]:
    """Number the steps, and look at each with what the ones before it have set in the same shell."""
    checked: list[Step] = []
    earlier: list[Script] = []
    for number, step in enumerate(steps, 1):
        script = analyse(plausible(step).text if step.placeholders else step.shown)
        known = [name for one in earlier for name, _ in one.assignments]
        checked.append(
            replace(
                step,
                number=number,
                refusals=tuple(refusals(script.text, earlier, namespace)),
                notes=classify.notes(script, known),
            )
        )
        earlier.append(script)
    return checked


def plausible(step: Step) -> Filled:
    """The text with a name of the right form for each pod that is only known when the step runs."""
    return fill(step.text, step.placeholders, lambda value: f"{pod_of(value)}-0" if pod_of(value) else value)

"""The steps of a runbook, in its order, each with its parsed command and every problem known before the run."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from harness.bash.parse import parse
from harness.bash.script import Script
from harness.bindings import StepOrder
from harness.model import Action, Command, GeneralCommand, Runbook, Toggle
from harness.policy import classify
from harness.record.steps import Purpose, StepKind
from harness.steps.check import check
from harness.steps.openshift import as_kubectl
from harness.steps.placeholders import fill, pod_of


@dataclass(frozen=True)
class ToggleStep:
    """A toggle to set; `documented` is the value that the runbook gives as the present one."""

    deployment: str
    name: str
    documented: str | None
    wanted: str


@dataclass(frozen=True)
class Step:
    """One action, command or toggle to execute."""

    line: int
    kind: StepKind
    purpose: Purpose
    text: str
    number: int = 0
    """1-based position in the response."""
    shown: str = ""
    """`text` with its placeholders filled; a pod that is only known at run time is shown as `pod-of(DEPLOYMENT)`."""
    script: Script | None = None
    """The command as it would run, with a made-up name for each such pod; None if there is nothing to run."""
    placeholders: Mapping[str, str] = field(default_factory=dict)
    toggle: ToggleStep | None = None
    used: tuple[tuple[str, str], ...] = ()
    """Placeholders and their values."""
    missing: tuple[str, ...] = ()
    """Placeholders and toggles without a binding."""
    refusals: tuple[str, ...] = ()
    """Why the policy refuses the command."""
    notes: tuple[str, ...] = ()
    """Defects that the text shows."""


def runbook_steps(
    runbook: Runbook,
    placeholders: Mapping[str, str],
    toggles: Mapping[str, str],
    namespace: str,
    order: StepOrder = StepOrder.DOCUMENT,
    programs: Collection[str] = (),
) -> tuple[Step, ...]:
    """Return the actions, commands and toggles of a runbook in the order in which they run.

    `toggles` maps a variable to its Deployment; `programs` may run in pods.
    """
    steps = [step for action in runbook.actions for step in _action(action, placeholders)]
    steps += [_command("command", command, placeholders) for command in runbook.commands]
    steps += [_toggle(toggle, toggles, placeholders, namespace) for toggle in runbook.toggles]
    last = "toggle" if order is StepOrder.TOGGLES_LAST else ""
    return _checked(sorted(steps, key=lambda step: (step.kind == last, step.line)), namespace, programs)


def general_steps(
    commands: Sequence[GeneralCommand], placeholders: Mapping[str, str], namespace: str, programs: Collection[str] = ()
) -> tuple[Step, ...]:
    """Return the general troubleshooting commands of a document as steps."""
    return _checked([_command("general", command, placeholders) for command in commands], namespace, programs)


def toggle_commands(toggle: ToggleStep, namespace: str, written: str = "") -> str:
    """Return the commands that set a toggle, wait for the rollout, and print the value from a running pod.

    `written` is the command of the document that sets it, with its placeholders filled; "": it has none.
    """
    where, n = shlex.quote(f"deployment/{toggle.deployment}"), shlex.quote(namespace)
    sets = written or f"kubectl set env {where} {shlex.quote(f'{toggle.name}={toggle.wanted}')} -n {n}"
    return (
        f"{sets}"
        f" && kubectl rollout status {where} -n {n} --timeout=60s"
        f" && kubectl exec {where} -n {n} -- printenv {shlex.quote(toggle.name)}"
    )


def _action(action: Action, placeholders: Mapping[str, str]) -> Iterator[Step]:
    if not action.commands:
        yield Step(action.line, "action", "manual", action.text)
    for command in action.commands:
        yield _command("action", command, placeholders)


def _left_to_a_person(kind: StepKind, part: Command | Toggle) -> Step:
    note = f"left to a person: {part.manual}; `<!-- gameday: run -->` above it makes it a step"
    return Step(part.line, kind, "manual", part.text, notes=(note,))


def _command(kind: StepKind, command: Command, placeholders: Mapping[str, str]) -> Step:
    if command.manual:
        return _left_to_a_person(kind, command)
    text = as_kubectl(command.text)
    filled = fill(text, placeholders)
    script = parse(fill(text, placeholders, _example_pod).text, command.line)
    return Step(
        command.line,
        kind,
        classify.purpose(script),
        command.text,
        shown=filled.text,
        script=script,
        placeholders=placeholders,
        used=filled.used,
        missing=filled.missing,
    )


def _example_pod(value: str) -> str:
    """Return a name of the right form for a pod that is only known at run time."""
    deployment = pod_of(value)
    return f"{deployment}-0" if deployment else value


def _toggle(toggle: Toggle, toggles: Mapping[str, str], placeholders: Mapping[str, str], namespace: str) -> Step:
    deployment = toggles.get(toggle.name)
    if toggle.manual:
        return _left_to_a_person("toggle", toggle)
    if not deployment:
        return Step(toggle.line, "toggle", "change", toggle.text, missing=(f"toggles.{toggle.name}",))
    change = ToggleStep(deployment, toggle.name, toggle.old, toggle.new)
    filled = fill(toggle.command, placeholders)
    text = toggle_commands(change, namespace, filled.text)
    script = parse(text, toggle.line)
    return Step(
        toggle.line,
        "toggle",
        "change",
        toggle.text,
        shown=text,
        script=script,
        toggle=change,
        used=filled.used,
        missing=filled.missing,
    )


def _checked(steps: Iterable[Step], namespace: str, programs: Collection[str]) -> tuple[Step, ...]:
    """Number the steps, and check each in the shell that the commands before it leave behind."""
    checked: list[Step] = []
    earlier: list[Script] = []
    for number, step in enumerate(steps, 1):
        numbered = replace(step, number=number)
        if step.script:
            assigned = [name for script in earlier for name, _ in script.assignments]
            refused, notes = check(step.script, earlier, namespace, programs), classify.notes(step.script, assigned)
            numbered = replace(numbered, refusals=refused, notes=notes)
            earlier.append(step.script)
        checked.append(numbered)
    return tuple(checked)

"""Executes one step: fill in the placeholders, check the command again, run it, record what it changed."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field, replace

from harness.bash.parse import parse
from harness.bash.script import Script
from harness.clock import now_s
from harness.machine.platform_state import ObservedPlatform
from harness.policy import classify, kubectl
from harness.record.steps import StepFacts, ToggleFacts
from harness.steps import changes
from harness.steps.answers import accepted
from harness.steps.changes import State
from harness.steps.check import check
from harness.steps.openshift import as_kubectl
from harness.steps.outcome import Outcome
from harness.steps.placeholders import Filled, fill, pod_of
from harness.steps.session import Session
from harness.steps.step import Step

SHOWN_CHARACTERS = 4_000


@dataclass(frozen=True)
class StepLimits:
    """How long a step may take, in seconds."""

    deadline_s: float = 75.0
    """The whole command. More than the 60 s that the rollout of a toggle may take."""
    follow_s: float = 1.5
    """A command that never ends by itself (`kubectl logs -f`), from its own start."""
    settle_s: float = 5.0
    """All pods becoming ready after a change."""


@dataclass
class Runner:
    """Runs steps in one session, in order."""

    platform: ObservedPlatform
    session: Session
    stop: threading.Event
    limits: StepLimits = field(default_factory=StepLimits)

    def run(self, step: Step) -> StepFacts:
        """Execute a step and return the facts; judges nothing.

        Raises Interrupted when `stop` is set while the command runs, and PlatformError.
        """
        facts = _unrun(step)
        if step.script is None or step.missing:
            return facts
        before = self.platform.state()
        script, filled = _bind(step, step.script, before)
        refused = check(script, self.session.history, self.platform.namespace, self.session.pods.programs)
        facts = replace(facts, used=filled.used, missing=filled.missing, refusals=refused)
        if refused or filled.missing:
            return facts
        outcome = self.session.run(script, self.limits.deadline_s, self.limits.follow_s, self.stop)
        return self._complete(_with_outcome(facts, script, outcome, self.session), step, script, before)

    def _complete(self, facts: StepFacts, step: Step, script: Script, before: State) -> StepFacts:
        """Add what the step changed. After a change, wait until all pods are ready, at most `settle_s`."""
        ports = self.platform.services().items()
        services = tuple(f"{name}:{port}" for name, each in ports for port in each)
        facts = replace(facts, services=services, toggle=_toggle(step, facts, before))
        if step.purpose != "change":
            return facts
        after = self.platform.state()
        notes = facts.notes
        ready = after
        if facts.exit_status == 0:
            ready = changes.settle(self.platform, self.limits.settle_s, self.stop)
            notes += _unready(ready, self.limits.settle_s)
        command = changes.Executed(f"{facts.bound}\n{facts.stdout}", classify.parts_set(script))
        return replace(
            facts,
            changed=(
                *changes.own_changes(before, after, ready, command),
                *accepted(script, facts.http, facts.stdout, () if facts.exit_status else self.session.pods.programs),
            ),
            added_variables=changes.added_variables(before, after, command),
            notes=notes + _at_zero(changes.scaled_to_zero(before, after, command)),
        )


def _unrun(step: Step) -> StepFacts:
    return StepFacts(
        step.number,
        step.line,
        step.kind,
        step.purpose,
        step.text,
        started_s=now_s(),
        missing=step.missing,
        refusals=step.refusals,
        notes=step.notes,
        used=step.used,
    )


def _bind(step: Step, planned: Script, state: State) -> tuple[Script, Filled]:
    """Return the command with the pods of this moment; it is parsed again only if its text differs from the plan's."""
    if step.toggle:
        return planned, Filled(planned.text)
    without_pod: list[str] = []

    def resolve(value: str) -> str:
        deployment = pod_of(value)
        if deployment is None:
            return value
        pod = changes.newest_pod(state, deployment)
        if pod is None:
            without_pod.append(f"{value} (no pod of deployment/{deployment} runs)")
        return pod or value

    filled = fill(as_kubectl(step.text), step.placeholders, resolve)
    script = planned if filled.text == planned.text else parse(filled.text, step.line)
    return script, replace(filled, missing=(*filled.missing, *without_pod))


def _with_outcome(facts: StepFacts, script: Script, outcome: Outcome, session: Session) -> StepFacts:
    stdout, stderr = outcome.text(SHOWN_CHARACTERS)
    unclear = "chain" in script.constructs and outcome.exit_status != 0  # which part of `a && b` the statuses are of
    return replace(
        facts,
        bound=script.text,
        ran=True,
        refusals=outcome.refusals,
        programs=() if unclear else tuple(kubectl.name_of(call) for call in script.last),
        pipestatus=outcome.pipestatus,
        exit_status=outcome.exit_status,
        ended=outcome.ended,
        timed_out=outcome.timed_out,
        overflowed=outcome.overflowed,
        stdout=stdout,
        stderr=stderr,
        stdout_bytes=outcome.stdout.stat().st_size,
        stdout_file=os.path.relpath(outcome.stdout, session.run_dir),
        started_s=outcome.started_s,
        seconds=outcome.seconds,
        urls=classify.urls(script),
        http=outcome.http,
    )


def _toggle(step: Step, facts: StepFacts, before: State) -> ToggleFacts | None:
    wanted = step.toggle
    if wanted is None:
        return None
    env = before[wanted.deployment].env if wanted.deployment in before else {}
    lines = facts.stdout.splitlines()
    seen = lines[-1] if lines and facts.exit_status == 0 else None
    return ToggleFacts(wanted.deployment, wanted.name, wanted.documented, env.get(wanted.name), wanted.wanted, seen)


def _unready(state: State, limit_s: float) -> tuple[str, ...]:
    return tuple(
        f"deployment/{name} had {one.ready} of {one.replicas} pods ready after {limit_s:g} s"
        for name, one in sorted(state.items())
        if one.ready < one.replicas
    )


def _at_zero(deployments: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"deployment/{name} is scaled to 0: no pod serves it" for name in deployments)

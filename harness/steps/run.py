"""Running one step: bind, check once more, run, and note what it changed."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.bash.analyse import Script, analyse
from harness.machine.platform_state import ObservedPlatform
from harness.policy import classify
from harness.policy.check import refusals
from harness.steps import cluster
from harness.steps.cluster import State
from harness.steps.placeholders import Filled, fill, pod_of
from harness.steps.plan import Step
from harness.steps.session import Outcome, Session
from harness.verdict.steps import StepFacts, ToggleFacts

SHOWN_CHARACTERS = 4_000


@dataclass
class Runner:
    """Runs steps in one session, in order. All times in seconds."""

    cluster: ObservedPlatform
    session: Session
    stop: threading.Event
    deadline_s: float = 75.0
    """Longer than the 60 s that the rollout of a toggle may take."""
    follow_s: float = 1.5
    settle_s: float = 5.0

    def run(self, step: Step) -> StepFacts:
        """What came of a step; never judges. Raises Interrupted when `stop` is set while its command runs."""
        facts = _blank(step)
        if step.purpose == "manual" or step.missing:
            return facts
        before = self.cluster.state()
        filled = _bind(step, before)
        script = analyse(filled.text)
        refused = tuple(refusals(filled.text, self.session.history, self.cluster.namespace))
        facts = replace(facts, used=filled.used, missing=filled.missing, refusals=refused)
        if refused or filled.missing:
            return facts
        outcome = self.session.run(filled.text, deadline_s=self.deadline_s, follow_s=self.follow_s, stop=self.stop)
        return self._complete(_with_outcome(facts, script, outcome, self.session), step, before)

    def _complete(self, facts: StepFacts, step: Step, before: State) -> StepFacts:
        """Add what the platform shows now; after a change, wait for it to settle, as long as that does not hold up
        the next step."""
        after = self.cluster.state()
        changed = cluster.spec_changes(before, after)
        notes = facts.notes
        if step.purpose == "change" and facts.exit_status == 0:
            after = cluster.settle(self.cluster, self.settle_s, self.stop)
            changed += cluster.pod_changes(before, after)
            notes += _unsettled(after, self.settle_s) + _emptied(before, after)
        services = tuple(f"{name}:{port}" for name, ports in self.cluster.services().items() for port in ports)
        toggle = _toggle(step, facts, before)
        return replace(facts, changed=changed, notes=notes, services=services, toggle=toggle)


def run_all(runner: Runner, steps: Sequence[Step]) -> list[StepFacts]:
    """Every step in order, whatever came of the one before."""
    return [runner.run(step) for step in steps]


def _blank(step: Step) -> StepFacts:
    return StepFacts(
        step.number,
        step.line,
        step.kind,
        step.purpose,
        step.text,
        started_s=time.time(),
        missing=step.missing,
        refusals=step.refusals,
        notes=step.notes,
        used=step.used,
    )


def _bind(step: Step, state: State) -> Filled:
    if step.toggle:
        return Filled(step.shown)
    lost: list[str] = []

    def resolve(value: str) -> str:
        deployment = pod_of(value)
        if deployment is None:
            return value
        pod = cluster.newest_pod(state, deployment)
        if pod is None:
            lost.append(f"{value} (no pod of deployment/{deployment} runs)")
        return pod or value

    filled = fill(step.text, step.placeholders, resolve)
    return replace(filled, missing=(*filled.missing, *lost))


def _with_outcome(facts: StepFacts, script: Script, outcome: Outcome, session: Session) -> StepFacts:
    stdout, stderr = outcome.text(SHOWN_CHARACTERS)
    unclear = "chain" in script.constructs and outcome.exit_status != 0  # which part of `a && b` the statuses are of
    return replace(
        facts,
        bound=script.text,
        ran=True,
        programs=() if unclear else tuple(classify.name_of(call) for call in script.last),
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


def _unsettled(state: State, limit_s: float) -> tuple[str, ...]:
    return tuple(
        f"deployment/{name} had {one.ready} of {one.replicas} pods ready after {limit_s:g} s"
        for name, one in sorted(state.items())
        if one.ready < one.replicas
    )


def _emptied(before: State, after: State) -> tuple[str, ...]:
    return tuple(
        f"deployment/{name} is scaled to 0: nothing serves it"
        for name in sorted(before.keys() & after.keys())
        if before[name].replicas and not after[name].replicas
    )

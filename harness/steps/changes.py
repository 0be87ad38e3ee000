"""What a step changed on the platform: its Deployments before and after.

Faults, controllers and other people change the platform as well while a step runs. A change is the step's own if its
command names what changed, in its text or in its output (kubectl prints the name of each object that it acts on), and
if such a command can make this change: `kubectl set env` cannot scale.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from harness.machine.platform_state import DeploymentState, ObservedPlatform
from harness.policy.classify import Part
from harness.record.steps import NOT_SET

_POLL_S = 0.1

State = Mapping[str, DeploymentState]
"""Every Deployment's state, by name."""


@dataclass(frozen=True)
class Executed:
    """A command that was executed. `text`: it and its output; `sets`: the parts of Deployments that it may set."""

    text: str
    sets: Collection[Part]

    def names(self, name: str) -> bool:
        """Whether an object stands in the command or its output."""
        return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", self.text) is not None


def newest_pod(state: State, deployment: str) -> str | None:
    """Return the newest running pod of a Deployment; None if it does not exist or has none."""
    return state[deployment].pods[-1] if deployment in state and state[deployment].pods else None


def own_changes(before: State, after: State, ready: State, command: Executed) -> tuple[str, ...]:
    """Return the changes that a command made, one line each: `deployment/inference replicas 1 -> 3`.

    `after`: at the end of the command; `ready`: when its pods are ready. Pods that ended count where the command
    changed their Deployment's spec, or deleted them by name.
    """
    changed = _changed_specs(before, after, command)
    return (*_spec_changes(before, after, command), *_pod_changes(before, ready, command, changed))


def added_variables(before: State, after: State, command: Executed) -> tuple[str, ...]:
    """Return the variables that a command added to the environments of Deployments: `deployment/inference PLACEBO`."""
    return tuple(
        f"deployment/{name} {key}"
        for name in _changed_specs(before, after, command)
        for key in sorted(after[name].env.keys() - before[name].env.keys())
    )


def scaled_to_zero(before: State, after: State, command: Executed) -> tuple[str, ...]:
    """Return the Deployments that a command scaled to 0."""
    named = _changed_specs(before, after, command)
    return tuple(name for name in named if before[name].replicas and not after[name].replicas)


def _spec_changes(before: State, after: State, command: Executed) -> Iterator[str]:
    for name in sorted(before.keys() ^ after.keys()):
        if command.names(name) and len(command.sets) == len(get_args(Part)):
            yield f"deployment/{name} is {'gone' if name in before else 'new'}"
    for name in _changed_specs(before, after, command):
        yield from (f"deployment/{name} {line}" for line in _spec(before[name], after[name], command.sets))


def _changed_specs(before: State, after: State, command: Executed) -> list[str]:
    """Return the Deployments with a changed spec that the command names."""
    both = sorted(before.keys() & after.keys())
    return [name for name in both if command.names(name) and _spec(before[name], after[name], command.sets)]


def _spec(old: DeploymentState, new: DeploymentState, sets: Collection[Part]) -> list[str]:
    """The changes of the parts that the command sets."""
    scaled = [f"replicas {old.replicas} -> {new.replicas}"] if old.replicas != new.replicas else []
    changed = [*(scaled if "replicas" in sets else ()), *(_template(old, new) if "template" in sets else ())]
    if not changed and "template" in sets and new.generation > old.generation + len(scaled):
        return [f"generation {old.generation} -> {new.generation}"]  # such as a restart
    return changed


def _template(old: DeploymentState, new: DeploymentState) -> list[str]:
    lines = []
    for before, after in ((old.env, new.env), (old.protections, new.protections)):
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                lines.append(f"{key} {before.get(key, NOT_SET)} -> {after.get(key, NOT_SET)}")
    return lines


def _pod_changes(before: State, after: State, command: Executed, changed: Collection[str]) -> Iterator[str]:
    deletes = re.search(r"\b(delete|drain)\b", command.text) is not None
    for name in sorted(before.keys() & after.keys()):
        gone = [pod for pod in before[name].pods if pod not in after[name].pods]
        came = [pod for pod in after[name].pods if pod not in before[name].pods]
        deleted = [pod for pod in gone if deletes and command.names(pod)]
        if name in changed and (gone or came):
            yield f"deployment/{name} pods: {', '.join(gone) or 'none'} ended, {', '.join(came) or 'none'} started"
        elif deleted:
            yield f"deployment/{name} pods: {', '.join(deleted)} deleted"


def settled(state: State) -> bool:
    """Whether every Deployment has the desired number of pods, all ready."""
    return all(one.ready == one.replicas == len(one.pods) for one in state.values())


def settle(cluster: ObservedPlatform, limit_s: float, stop: threading.Event) -> State:
    """Wait until all pods are ready, `limit_s` is over or `stop` is set; return the state."""
    deadline = time.monotonic() + limit_s
    state = cluster.state()
    while not settled(state) and time.monotonic() < deadline and not stop.wait(_POLL_S):
        state = cluster.state()
    return state

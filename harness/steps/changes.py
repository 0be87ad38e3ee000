"""What a step changed on the platform: its Deployments before and after."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping

from harness.machine.platform_state import DeploymentState, ObservedPlatform

_POLL_S = 0.1

State = Mapping[str, DeploymentState]
"""Every Deployment's state, by name."""


def newest_pod(state: State, deployment: str) -> str | None:
    """Return the newest running pod of a Deployment; None if it does not exist or has none."""
    return state[deployment].pods[-1] if deployment in state and state[deployment].pods else None


def spec_changes(before: State, after: State) -> tuple[str, ...]:
    """Return the changes of the specs, one line each: `deployment/inference replicas 1 -> 3`."""
    lines = [f"deployment/{name} is gone" for name in before.keys() - after.keys()]
    lines += [f"deployment/{name} is new" for name in after.keys() - before.keys()]
    for name in sorted(before.keys() & after.keys()):
        lines += [f"deployment/{name} {line}" for line in _spec(before[name], after[name])]
    return tuple(lines)


def _spec(old: DeploymentState, new: DeploymentState) -> list[str]:
    lines = [f"replicas {old.replicas} -> {new.replicas}"] if old.replicas != new.replicas else []
    for key in sorted(old.env.keys() | new.env.keys()):
        if old.env.get(key) != new.env.get(key):
            lines.append(f"{key} {old.env.get(key, '(not set)')} -> {new.env.get(key, '(not set)')}")
    if not lines and old.generation != new.generation:
        lines.append(f"generation {old.generation} -> {new.generation}")
    return lines


def pod_changes(before: State, after: State) -> tuple[str, ...]:
    """Return the Deployments whose pods changed, one line each."""
    lines = []
    for name in sorted(before.keys() & after.keys()):
        gone = [pod for pod in before[name].pods if pod not in after[name].pods]
        came = [pod for pod in after[name].pods if pod not in before[name].pods]
        if gone or came:
            lines.append(
                f"deployment/{name} pods: {', '.join(gone) or 'none'} ended, {', '.join(came) or 'none'} started"
            )
    return tuple(lines)


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

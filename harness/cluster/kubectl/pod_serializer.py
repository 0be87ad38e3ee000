"""The columns READY, STATUS and RESTARTS of a pod."""

from __future__ import annotations

from dataclasses import dataclass

from harness.cluster.kubectl.human_units import age
from harness.machine.objects import Obj, items, number, section, text


@dataclass(frozen=True)
class PodState:
    """The values of READY, STATUS and RESTARTS."""

    ready: int
    containers: int
    reason: str
    restarts: str


def state(pod: Obj, now_s: float) -> PodState:
    """Compute the state as the API server does: the first container with a reason determines it."""
    statuses = items(pod, "status", "containerStatuses")
    reason = text(pod, "status", "reason") or text(pod, "status", "phase")
    running = False
    for status in reversed(statuses):
        reason = _reason(status) or reason
        running = running or (bool(status.get("ready")) and bool(section(status, "state", "running")))
    if reason == "Completed" and running:
        reason = "Running" if condition(pod, "Ready") == "True" else "NotReady"
    if deleted(pod):
        reason = "Terminating"
    ready = sum(bool(status.get("ready")) and bool(section(status, "state", "running")) for status in statuses)
    return PodState(ready, len(items(pod, "spec", "containers")), reason, _restarts(statuses, now_s))


def deleted(pod: Obj) -> bool:
    """Whether the pod is terminating."""
    return bool(text(pod, "metadata", "deletionTimestamp")) and text(pod, "status", "phase") not in (
        "Failed",
        "Succeeded",
    )


def condition(obj: Obj, kind: str) -> str:
    """The status of a condition; empty without one."""
    return next((text(each, "status") for each in items(obj, "status", "conditions") if each.get("type") == kind), "")


def container_names(pod: Obj) -> list[str]:
    return [text(each, "name") for each in items(pod, "spec", "containers")]


def _reason(status: Obj) -> str:
    if waiting := text(status, "state", "waiting", "reason"):
        return waiting
    ended = section(status, "state", "terminated")
    if not ended:
        return ""
    number_of = (
        f"Signal:{int(number(ended, 'signal'))}"
        if ended.get("signal")
        else f"ExitCode:{int(number(ended, 'exitCode'))}"
    )
    return text(ended, "reason") or number_of


def _restarts(statuses: list[Obj], now_s: float) -> str:
    count = sum(int(number(status, "restartCount")) for status in statuses)
    last = max((text(status, "lastState", "terminated", "finishedAt") for status in statuses), default="")
    return f"{count} ({age(last, now_s)} ago)" if count and last else str(count)

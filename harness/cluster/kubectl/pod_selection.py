"""Selects the pod of a Deployment, Service or ReplicaSet that a command names."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from harness.cluster.kubectl.errors import Failure
from harness.cluster.kubectl.human_units import epoch
from harness.cluster.kubectl.pod_serializer import condition, container_names, deleted
from harness.cluster.kubectl.session import Item, Session
from harness.machine.objects import Json, Obj, items, number, section, strings, text

PHASES = {"Running": 0, "Unknown": 1, "Pending": 2}


@dataclass(frozen=True)
class Selector:
    """The labels by which an object selects its pods."""

    labels: dict[str, str]

    def matches(self, pod: Obj) -> bool:
        have = strings(section(pod, "metadata", "labels"))
        return all(have.get(key) == value for key, value in self.labels.items())


def selector(item: Item) -> Selector | None:
    """The selector of an object; None for kinds without pods and for a Service without a selector."""
    spec = section(item.obj, "spec", "selector")
    labels: Json = spec if item.resource.plural == "services" else section(spec, "matchLabels")
    found = strings(labels)
    return Selector(found) if found else None


async def pods_behind(session: Session, chosen: Selector, wait_s: float) -> list[Obj]:
    """The selected pods in kubectl's order of preference. Waits for one to exist; raises Failure at the limit."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + wait_s
    while not (pods := [pod for pod in session.cluster.list("pods", session.namespace) if chosen.matches(pod)]):
        left = deadline - loop.time()
        if left <= 0:
            raise Failure("error: timed out waiting for the condition")
        await session.cluster.changed(min(left, 1.0))
    return sorted(sorted(pods, key=lambda pod: text(pod, "metadata", "name")), key=_rank)


def _rank(pod: Obj) -> tuple[bool, int, bool, bool, float, int, float]:
    """Sort key: scheduled, running, ready, not deleted pods first, then the longest ready."""
    ready = condition(pod, "Ready") == "True"
    since = next(
        (
            text(each, "lastTransitionTime")
            for each in items(pod, "status", "conditions")
            if each.get("type") == "Ready"
        ),
        "",
    )
    restarts = max((int(number(each, "restartCount")) for each in items(pod, "status", "containerStatuses")), default=0)
    phase = PHASES.get(text(pod, "status", "phase"), 0)
    place = not text(pod, "spec", "nodeName"), phase, not ready, deleted(pod)
    return (
        *place,
        epoch(since) if ready and since else 0.0,
        -restarts,
        epoch(text(pod, "metadata", "creationTimestamp")),
    )


def container(pod: Obj, name: str) -> tuple[str, str]:
    """The container to use, and kubectl's notice about a default choice. Raises Failure for an unknown name."""
    names = container_names(pod)
    listed = ", ".join(names)
    if name and name not in names:
        raise Failure(f"error: container {name} is not valid for pod {text(pod, 'metadata', 'name')} out of: {listed}")
    chosen = name or names[0]
    return chosen, f'Defaulted container "{chosen}" out of: {listed}' if not name and len(names) > 1 else ""

"""Parses the Kubernetes objects that the platform uses. Pure: JSON in, frozen dataclasses out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.machine.objects import Json, Obj, environment, items, number, section, text

DRILL = "gameday.dev/drill"
"""Annotation of a drill's pods."""


def whole(value: Json, *path: str) -> int:
    """The integer at `path`; 0 when it is absent."""
    return int(number(value, *path))


def name_of(value: Obj) -> str:
    """`metadata.name`."""
    return text(value, "metadata", "name")


@dataclass(frozen=True)
class Pod:
    """One pod with one container."""

    name: str
    app: str
    drill: str
    """Id of the drill that created it; "" for other pods."""
    ready: bool
    ending: bool
    created: str
    """RFC 3339: sorts as text."""
    restarts: int
    ran: bool
    """Whether its container has been started, so that there is a log."""
    waiting: str
    """Why its container does not run; "" when it runs."""

    @classmethod
    def parse(cls, value: Obj) -> Pod:
        """Parse a Pod of the API."""
        container = next(iter(items(value, "status", "containerStatuses")), {})
        state = section(container, "state")
        return cls(
            name=name_of(value),
            app=text(value, "metadata", "labels", "app"),
            drill=text(value, "metadata", "annotations", DRILL),
            ready=any(one.get("type") == "Ready" and one.get("status") == "True" for one in _conditions(value)),
            ending=bool(text(value, "metadata", "deletionTimestamp")),
            created=text(value, "metadata", "creationTimestamp"),
            restarts=whole(container, "restartCount"),
            ran=bool(section(state, "running") or section(state, "terminated")),
            waiting=_waiting(value, state),
        )


def _conditions(value: Obj) -> list[Obj]:
    return items(value, "status", "conditions")


def _waiting(value: Obj, state: Obj) -> str:
    waiting = section(state, "waiting")
    facts = [text(waiting, "reason"), text(waiting, "message")]
    if not state:
        facts = [text(one, "message") for one in _conditions(value) if one.get("status") == "False"]
    return ": ".join(fact for fact in facts if fact)


def plain_environment(deployment: Obj) -> Mapping[str, str]:
    """Plain environment variables of a Deployment's container; those with a `valueFrom` are left out."""
    return environment(section(deployment, "spec", "template"))


def with_environment(deployment: Obj, values: Mapping[str, str]) -> Obj:
    """A copy of the Deployment with these environment variables set."""
    template = section(deployment, "spec", "template")
    first, *others = items(template, "spec", "containers")
    kept: list[Json] = [one for one in items(first, "env") if text(one, "name") not in values]
    fresh: list[Json] = [{"name": name, "value": value} for name, value in values.items()]
    containers: list[Json] = [{**first, "env": [*fresh, *kept]}, *others]
    pod: Obj = {**section(template, "spec"), "containers": containers}
    return {**deployment, "spec": {**section(deployment, "spec"), "template": {**template, "spec": pod}}}


def with_annotation(deployment: Obj, name: str, value: str) -> Obj:
    """A copy of the Deployment whose pods have an annotation."""
    template = section(deployment, "spec", "template")
    meta = section(template, "metadata")
    noted: Obj = {**meta, "annotations": {**section(meta, "annotations"), name: value}}
    return {**deployment, "spec": {**section(deployment, "spec"), "template": {**template, "metadata": noted}}}


def node_ports(services: Sequence[Obj], wanted: Mapping[str, Obj]) -> dict[str, dict[int, int]]:
    """The NodePort by port, of each Service that has the name of a Deployment."""
    return {
        name_of(one): {whole(each, "port"): whole(each, "nodePort") for each in items(one, "spec", "ports")}
        for one in services
        if name_of(one) in wanted
    }

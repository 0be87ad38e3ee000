"""Parses the Kubernetes objects that the platform uses. Pure: JSON in, frozen dataclasses out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from harness.machine.objects import Json, Obj, environment, items, number, section, strings, text

DRILL = "gameday.dev/drill"
"""Annotation of a drill's pods."""
UNSTARTABLE = (
    "CreateContainerConfigError", "ErrImageNeverPull", "ErrImagePull", "ImageInspectError", "ImagePullBackOff",
    "InvalidImageName",
)  # fmt: skip
"""Why a kubelet does not start a container, whatever its program would do."""
_SET_BY_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid")
"""Keys of `metadata` that only the API server sets."""


def whole(value: Json, *path: str) -> int:
    """The integer at `path`; 0 when it is absent."""
    return int(number(value, *path))


def name_of(value: Obj) -> str:
    """`metadata.name`."""
    return text(value, "metadata", "name")


@dataclass(frozen=True)
class Pod:
    """One pod; of its containers the first one counts, as in kubectl."""

    name: str
    app: str
    """The Deployment or Job whose pod it is; "" for any other pod."""
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
    container: str = ""
    """The name of its first container."""
    labels: Mapping[str, str] = field(default_factory=dict)
    node: str = ""
    """The address of its node; "" before it has one."""
    unstartable: Mapping[str, str] = field(default_factory=dict)
    """The containers that cannot start as they are declared, with the reason: the image, or what they refer to."""

    @classmethod
    def parse(cls, value: Obj) -> Pod:
        """Parse a Pod of the API."""
        first = text(next(iter(items(value, "spec", "containers")), {}), "name")
        statuses = items(value, "status", "containerStatuses")
        container = next((one for one in statuses if text(one, "name") == first), next(iter(statuses), {}))
        state = section(container, "state")
        every = [*items(value, "status", "initContainerStatuses"), *statuses]
        return cls(
            name=name_of(value),
            app=_owner(value),
            drill=text(value, "metadata", "annotations", DRILL),
            ready=any(one.get("type") == "Ready" and one.get("status") == "True" for one in _conditions(value)),
            ending=bool(text(value, "metadata", "deletionTimestamp")),
            created=text(value, "metadata", "creationTimestamp"),
            restarts=whole(container, "restartCount"),
            ran=bool(section(state, "running") or section(state, "terminated")),
            waiting=_waiting(value, state),
            container=first,
            labels=strings(section(value, "metadata", "labels")),
            node=text(value, "status", "hostIP"),
            unstartable={text(one, "name"): why for one in every if (why := _unstartable(one))},
        )


def _owner(value: Obj) -> str:
    """The Job of a pod, or the Deployment of its ReplicaSet, whose name has the hash of the template at its end."""
    owner = next(iter(items(value, "metadata", "ownerReferences")), {})
    if text(owner, "kind") == "ReplicaSet":
        return text(owner, "name").removesuffix("-" + text(value, "metadata", "labels", "pod-template-hash"))
    return text(owner, "name") if text(owner, "kind") == "Job" else ""


def _unstartable(status: Obj) -> str:
    waiting = section(status, "state", "waiting")
    if text(waiting, "reason") not in UNSTARTABLE:
        return ""
    return f"{text(waiting, 'reason')}: {text(waiting, 'message')}"


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


def as_declared(value: Obj) -> Obj:
    """An object without what the API server adds to it, so that it can be created again."""
    meta: Obj = {key: one for key, one in section(value, "metadata").items() if key not in _SET_BY_SERVER}
    return {**{key: one for key, one in value.items() if key != "status"}, "metadata": meta}


def replicas_of(deployment: Obj) -> int:
    """The number of pods that a Deployment asks for."""
    return int(number(deployment, "spec", "replicas", default=1))


def selected(service: Obj, labels: Mapping[str, str]) -> bool:
    """Whether a Service leads to pods with these labels."""
    wanted = strings(section(service, "spec", "selector"))
    return bool(wanted) and wanted.items() <= labels.items()


def node_ports(services: Sequence[Obj], wanted: Collection[str]) -> dict[str, dict[int, int]]:
    """The NodePort by port, of each of the Services that has one."""
    return {
        name_of(one): {whole(each, "port"): whole(each, "nodePort") for each in ports if whole(each, "nodePort")}
        for one in services
        if name_of(one) in wanted and (ports := items(one, "spec", "ports"))
    }

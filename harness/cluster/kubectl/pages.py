"""The descriptions of pods, Deployments and ReplicaSets, as lines with tabs, without events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.cluster.kubectl import columns, template
from harness.cluster.kubectl.human_units import age, long_time
from harness.cluster.kubectl.pod_serializer import deleted
from harness.cluster.kubectl.session import Session
from harness.cluster.kubectl.template import NONE
from harness.machine.objects import Json, Obj, items, number, section, text


def meta(obj: Obj, *, namespaced: bool = True) -> Iterator[str]:
    """The first lines of every description."""
    yield f"Name:\t{text(obj, 'metadata', 'name')}"
    if namespaced:
        yield f"Namespace:\t{text(obj, 'metadata', 'namespace')}"


def notes(obj: Obj) -> Iterator[str]:
    """Labels and annotations."""
    yield from template.labels("Labels", section(obj, "metadata", "labels"))
    yield from template.notes("Annotations", section(obj, "metadata", "annotations"))


def _controller(obj: Obj) -> Iterator[str]:
    for owner in items(obj, "metadata", "ownerReferences"):
        if owner.get("controller"):
            yield f"Controlled By:\t{text(owner, 'kind')}/{text(owner, 'name')}"


def _conditions(obj: Obj) -> Iterator[str]:
    found = items(obj, "status", "conditions")
    if found:
        yield from ("Conditions:", "  Type\tStatus\tReason", "  ----\t------\t------")
    yield from (f"  {text(each, 'type')} \t{text(each, 'status')}\t{text(each, 'reason')}" for each in found)


def pod(session: Session, obj: Obj) -> Iterator[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    yield from meta(obj)
    if "priority" in spec:
        yield f"Priority:\t{int(number(spec, 'priority'))}"
    if account := text(spec, "serviceAccountName"):
        yield f"Service Account:\t{account}"
    node = text(spec, "nodeName")
    yield f"Node:\t{node}/{text(status, 'hostIP')}" if node else f"Node:\t{NONE}"
    if started := text(status, "startTime"):
        yield f"Start Time:\t{long_time(started)}"
    yield from notes(obj)
    yield from _pod_status(session, obj)
    yield from _addresses(status)
    yield from _controller(obj)
    yield from template.containers(spec, items(status, "containerStatuses"), "")
    if conditions := items(status, "conditions"):
        yield from ("Conditions:", "  Type\tStatus")
        yield from (f"  {text(each, 'type')} \t{text(each, 'status')} " for each in conditions)
    yield from template.volumes(spec, "")
    yield f"QoS Class:\t{text(status, 'qosClass')}"
    yield from template.labels("Node-Selectors", section(spec, "nodeSelector"))
    yield from template.tolerations("Tolerations", spec)


def _pod_status(session: Session, obj: Obj) -> Iterator[str]:
    if deleted(obj):
        yield f"Status:\tTerminating (lasts {age(text(obj, 'metadata', 'deletionTimestamp'), session.now())})"
        yield f"Termination Grace Period:\t{int(number(obj, 'metadata', 'deletionGracePeriodSeconds'))}s"
    else:
        yield f"Status:\t{text(obj, 'status', 'phase')}"
    for title in ("Reason", "Message"):
        if shown := text(obj, "status", title.lower()):
            yield f"{title}:\t{shown}"


def _addresses(status: Obj) -> Iterator[str]:
    yield f"IP:\t{text(status, 'podIP')}"
    addresses = items(status, "podIPs")
    yield "IPs:" if addresses else f"IPs:\t{NONE}"
    yield from (f"  IP:\t{text(each, 'ip')}" for each in addresses)


def deployment(session: Session, obj: Obj) -> Iterator[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    yield from meta(obj)
    yield f"CreationTimestamp:\t{long_time(text(obj, 'metadata', 'creationTimestamp'))}"
    yield from notes(obj)
    yield f"Selector:\t{columns.selector(section(spec, 'selector'))}"
    counts = [("desired", spec, "replicas"), ("updated", status, "updatedReplicas"), ("total", status, "replicas"),
              ("available", status, "availableReplicas"), ("unavailable", status, "unavailableReplicas")]  # fmt: skip
    yield "Replicas:\t" + " | ".join(f"{int(number(holder, key))} {title}" for title, holder, key in counts)
    yield f"StrategyType:\t{text(spec, 'strategy', 'type')}"
    yield f"MinReadySeconds:\t{int(number(spec, 'minReadySeconds'))}"
    if rolling := section(spec, "strategy", "rollingUpdate"):
        down, up = rolling.get("maxUnavailable"), rolling.get("maxSurge")
        yield f"RollingUpdateStrategy:\t{down} max unavailable, {up} max surge"
    yield from template.pod_template(section(spec, "template"))
    yield from _conditions(obj)
    yield from _replica_sets(session, obj)


def _replica_sets(session: Session, obj: Obj) -> Iterator[str]:
    """The lines for the ReplicaSet of the newest template and for the older ones."""
    uid, wanted = text(obj, "metadata", "uid"), section(obj, "spec", "template")
    owned = [
        each
        for each in session.cluster.list("replicasets", text(obj, "metadata", "namespace"))
        if any(text(owner, "uid") == uid for owner in items(each, "metadata", "ownerReferences"))
    ]
    if owned:
        newest = [each for each in owned if _plain(section(each, "spec", "template")) == _plain(wanted)][:1]
        yield f"OldReplicaSets:\t{_created(sorted((each for each in owned if each not in newest), key=_birth))}"
        yield f"NewReplicaSet:\t{_created(newest)}"


def _birth(obj: Obj) -> str:
    return text(obj, "metadata", "creationTimestamp")


def _plain(value: Obj) -> Obj:
    """What identifies a template: its labels except the ReplicaSet's hash, its annotations and its spec."""
    labels = {key: each for key, each in section(value, "metadata", "labels").items() if key != "pod-template-hash"}
    notes = section(value, "metadata", "annotations")
    return {"labels": labels, "annotations": notes, "spec": section(value, "spec")}


def _created(sets: Sequence[Obj]) -> str:
    return ", ".join(f"{text(each, 'metadata', 'name')} ({_count(each)} replicas created)" for each in sets) or NONE


def _count(each: Obj) -> str:
    return f"{int(number(each, 'status', 'replicas'))}/{int(number(each, 'spec', 'replicas'))}"


def replicaset(session: Session, obj: Obj) -> Iterator[str]:
    selector = section(obj, "spec", "selector")
    yield from meta(obj)
    yield f"Selector:\t{columns.selector(selector)}"
    yield from notes(obj)
    yield from _controller(obj)
    yield f"Replicas:\t{_count(obj).replace('/', ' current / ')} desired"
    phases = [text(each, "status", "phase") for each in _pods_of(session, obj)]
    counts = {"Running": "Running", "Pending": "Waiting", "Succeeded": "Succeeded", "Failed": "Failed"}
    yield "Pods Status:\t" + " / ".join(f"{phases.count(phase)} {shown}" for phase, shown in counts.items())
    yield from template.pod_template(section(obj, "spec", "template"))
    yield from _conditions(obj)


def _pods_of(session: Session, obj: Obj) -> list[Obj]:
    uid = text(obj, "metadata", "uid")
    pods = session.cluster.list("pods", text(obj, "metadata", "namespace"))
    return [
        each for each in pods if any(text(owner, "uid") == uid for owner in items(each, "metadata", "ownerReferences"))
    ]


def listed(value: Json) -> str:
    """A list of strings joined by commas; `<none>` if empty."""
    return (",".join(str(each) for each in value) if isinstance(value, list) else "") or NONE

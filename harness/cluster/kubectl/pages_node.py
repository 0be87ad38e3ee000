"""The descriptions of objects without a namespace: nodes, PersistentVolumes and namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.cluster.kubectl import columns, template
from harness.cluster.kubectl.human_units import age, bytes_, cores, long_time, quantity
from harness.cluster.kubectl.pages import listed, meta, notes
from harness.cluster.kubectl.session import Session
from harness.cluster.kubectl.template import NONE
from harness.machine.objects import Obj, items, section, text


def volume(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield from meta(obj, namespaced=False)
    yield from notes(obj)
    held = section(obj, "metadata").get("finalizers")
    yield f"Finalizers:\t[{' '.join(str(each) for each in held) if isinstance(held, list) else ''}]"
    yield f"StorageClass:\t{text(spec, 'storageClassName')}"
    yield f"Status:\t{text(obj, 'status', 'phase')}"
    yield f"Claim:\t{columns.claim(obj)}"
    yield f"Reclaim Policy:\t{text(spec, 'persistentVolumeReclaimPolicy')}"
    yield f"Access Modes:\t{columns.access_modes(obj)}"
    yield f"VolumeMode:\t{text(spec, 'volumeMode')}"
    yield f"Capacity:\t{text(spec, 'capacity', 'storage')}"
    yield f"Node Affinity:\t{NONE}"
    yield f"Message:\t{text(obj, 'status', 'message')}"
    yield "Source:"
    path = section(spec, "hostPath")
    yield from (f"    {title}:\t{value}" for title, value in template.host_path(path)) if path else ("  <unknown>",)


def namespace(session: Session, obj: Obj) -> Iterator[str]:
    yield from meta(obj, namespaced=False)
    yield from notes(obj)
    yield f"Status:\t{text(obj, 'status', 'phase')}"
    yield from ("", "No resource quota.", "", "No LimitRange resource.")


def node(session: Session, obj: Obj) -> Iterator[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    yield from meta(obj, namespaced=False)
    yield f"Roles:\t{columns.node_roles(obj)}"
    yield from notes(obj)
    yield f"CreationTimestamp:\t{long_time(text(obj, 'metadata', 'creationTimestamp'))}"
    taints = [f"{text(each, 'key')}={text(each, 'value')}:{text(each, 'effect')}" for each in items(spec, "taints")]
    yield from template.several("Taints", [taint.replace("=:", ":") for taint in taints])
    yield f"Unschedulable:\t{str(bool(spec.get('unschedulable'))).lower()}"
    yield from _node_conditions(status)
    yield "Addresses:"
    yield from (f"  {text(each, 'type')}:\t{text(each, 'address')}" for each in items(status, "addresses"))
    for title in ("Capacity", "Allocatable"):
        if amounts := section(status, title.lower()):
            yield f"{title}:"
            yield from (f"  {name}:\t{amounts[name]}" for name in sorted(amounts))
    yield from _system(section(status, "nodeInfo"))
    for title, value in (("PodCIDR", text(spec, "podCIDR")), ("PodCIDRs", listed(spec.get("podCIDRs"))),
                         ("ProviderID", text(spec, "providerID"))):  # fmt: skip
        if value not in ("", NONE):
            yield f"{title}:\t{value}"
    yield from _allocation(session, obj)


def _node_conditions(status: Obj) -> Iterator[str]:
    yield "Conditions:"
    titles = "Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"
    yield "  " + "\t".join(titles)
    yield "  " + "\t".join("-" * len(title) for title in titles)
    for each in items(status, "conditions"):
        times = [long_time(text(each, key)) for key in ("lastHeartbeatTime", "lastTransitionTime")]
        shown = (
            [text(each, key) for key in ("type", "status")],
            times,
            [text(each, key) for key in ("reason", "message")],
        )
        yield "  " + " \t".join(one for part in shown for one in part)


SYSTEM = (
    ("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"),
    ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"), ("Operating System", "operatingSystem"), ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"), ("Kubelet Version", "kubeletVersion"),
)  # fmt: skip


def _system(info: Obj) -> Iterator[str]:
    yield "System Info:"
    yield from (f"  {title}:\t{text(info, key)}" for title, key in SYSTEM)


def _allocation(session: Session, obj: Obj) -> Iterator[str]:
    """The resource requests and limits of a node's pods, individually and in total."""
    allocatable, name = section(obj, "status", "allocatable"), text(obj, "metadata", "name")
    pods = [each for each in session.cluster.list("pods", None) if text(each, "spec", "nodeName") == name]
    pods = [each for each in pods if text(each, "status", "phase") not in ("Failed", "Succeeded")]
    pods.sort(key=lambda each: (text(each, "metadata", "namespace"), text(each, "metadata", "name")))
    yield f"Non-terminated Pods:\t({len(pods)} in total)"
    titles = "Namespace", "Name", "", "CPU Requests", "CPU Limits", "Memory Requests", "Memory Limits", "Age"
    yield "  " + "\t".join(titles)
    yield "  " + "\t".join("-" * len(title) for title in titles)
    for each in pods:
        amounts = [
            _share([each], kind, which, allocatable) for kind in ("cpu", "memory") for which in ("requests", "limits")
        ]
        born = age(text(each, "metadata", "creationTimestamp"), session.now())
        place = text(each, "metadata", "namespace"), text(each, "metadata", "name")
        yield "  " + "\t".join([*place, "", *amounts, born])
    yield from ("Allocated resources:", "  (Total limits may be over 100 percent, i.e., overcommitted.)")
    yield from ("  Resource\tRequests\tLimits", "  --------\t--------\t------")
    huge = sorted(key for key in allocatable if key.startswith("hugepages-"))
    for kind in ("cpu", "memory", "ephemeral-storage", *huge):
        yield f"  {kind}\t" + "\t".join(_share(pods, kind, which, allocatable) for which in ("requests", "limits"))


def _share(pods: Sequence[Obj], kind: str, which: str, allocatable: Obj) -> str:
    """`250m (12%)`: the sum over all containers and its share of the node."""
    total = sum(
        (quantity(section(container, "resources", which).get(kind, "0")) for each in pods
         for container in items(each, "spec", "containers")), start=quantity("0"),
    )  # fmt: skip
    whole = quantity(allocatable.get(kind, "0"))
    percent = int(total * 100 / whole) if whole else 0
    return f"{cores(total) if kind == 'cpu' else bytes_(total)} ({percent}%)"

"""What `describe` says of each kind: lines with tabs, before the events."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.platforms.local.api import Json, Obj
from harness.platforms.local.kubectl import columns, template
from harness.platforms.local.kubectl.humanise import age, bytes_, cores, long_time, quantity
from harness.platforms.local.kubectl.podview import deleted
from harness.platforms.local.kubectl.session import Session
from harness.platforms.local.kubectl.template import NONE
from harness.platforms.local.objects import items, number, section, text


def _meta(obj: Obj, *, namespaced: bool = True) -> Iterator[str]:
    yield f"Name:\t{text(obj, 'metadata', 'name')}"
    if namespaced:
        yield f"Namespace:\t{text(obj, 'metadata', 'namespace')}"


def _notes(obj: Obj) -> Iterator[str]:
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
    yield from _meta(obj)
    if "priority" in spec:
        yield f"Priority:\t{int(number(spec, 'priority'))}"
    if account := text(spec, "serviceAccountName"):
        yield f"Service Account:\t{account}"
    node = text(spec, "nodeName")
    yield f"Node:\t{node}/{text(status, 'hostIP')}" if node else f"Node:\t{NONE}"
    if started := text(status, "startTime"):
        yield f"Start Time:\t{long_time(started)}"
    yield from _notes(obj)
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
        if said := text(obj, "status", title.lower()):
            yield f"{title}:\t{said}"


def _addresses(status: Obj) -> Iterator[str]:
    yield f"IP:\t{text(status, 'podIP')}"
    addresses = items(status, "podIPs")
    yield "IPs:" if addresses else f"IPs:\t{NONE}"
    yield from (f"  IP:\t{text(each, 'ip')}" for each in addresses)


def deployment(session: Session, obj: Obj) -> Iterator[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    yield from _meta(obj)
    yield f"CreationTimestamp:\t{long_time(text(obj, 'metadata', 'creationTimestamp'))}"
    yield from _notes(obj)
    yield f"Selector:\t{columns.selector(section(spec, 'selector'))}"
    counts = [("desired", spec, "replicas"), ("updated", status, "updatedReplicas"), ("total", status, "replicas"),
              ("available", status, "availableReplicas"), ("unavailable", status, "unavailableReplicas")]  # fmt: skip
    yield "Replicas:\t" + " | ".join(f"{int(number(holder, key))} {title}" for title, holder, key in counts)
    yield f"StrategyType:\t{text(spec, 'strategy', 'type')}"
    yield f"MinReadySeconds:\t{int(number(spec, 'minReadySeconds'))}"
    if rolling := section(spec, "strategy", "rollingUpdate"):
        yield f"RollingUpdateStrategy:\t{rolling.get('maxUnavailable')} max unavailable, {rolling.get('maxSurge')} max surge"
    yield from template.pod_template(section(spec, "template"))
    yield from _conditions(obj)
    yield from _sets(session, obj)


def _sets(session: Session, obj: Obj) -> Iterator[str]:
    """The ReplicaSet of the newest template, and the others that still hold pods."""
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
    """A template without the hash that tells ReplicaSets apart, and without what is null or empty."""
    labels = {key: each for key, each in section(value, "metadata", "labels").items() if key != "pod-template-hash"}
    notes = section(value, "metadata", "annotations")
    return {"labels": labels, "annotations": notes, "spec": section(value, "spec")}


def _created(sets: Sequence[Obj]) -> str:
    return ", ".join(
        f"{text(each, 'metadata', 'name')} ({int(number(each, 'status', 'replicas'))}/{int(number(each, 'spec', 'replicas'))}"
        " replicas created)"
        for each in sets
    ) or NONE  # fmt: skip


def replicaset(session: Session, obj: Obj) -> Iterator[str]:
    selector = section(obj, "spec", "selector")
    yield from _meta(obj)
    yield f"Selector:\t{columns.selector(selector)}"
    yield from _notes(obj)
    yield from _controller(obj)
    yield f"Replicas:\t{int(number(obj, 'status', 'replicas'))} current / {int(number(obj, 'spec', 'replicas'))} desired"
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


def service(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield from _meta(obj)
    yield from _notes(obj)
    yield f"Selector:\t{columns.pairs(section(spec, 'selector'))}"
    yield f"Type:\t{text(spec, 'type', default='ClusterIP')}"
    if policy := text(spec, "ipFamilyPolicy"):
        yield f"IP Family Policy:\t{policy}"
    yield f"IP Families:\t{_listed(spec.get('ipFamilies'))}"
    yield f"IP:\t{text(spec, 'clusterIP')}"
    yield f"IPs:\t{_listed(spec.get('clusterIPs'))}"
    for port in items(spec, "ports"):
        yield from _service_port(session, obj, port)
    yield f"Session Affinity:\t{text(spec, 'sessionAffinity', default='None')}"
    for title, key in (("External", "externalTrafficPolicy"), ("Internal", "internalTrafficPolicy")):
        if policy := text(spec, key):
            yield f"{title} Traffic Policy:\t{policy}"


def _listed(value: Json) -> str:
    return (",".join(str(each) for each in value) if isinstance(value, list) else "") or NONE


def _service_port(session: Session, obj: Obj, port: Obj) -> Iterator[str]:
    name, protocol = text(port, "name") or "<unset>", text(port, "protocol", default="TCP")
    yield f"Port:\t{name}\t{int(number(port, 'port'))}/{protocol}"
    yield f"TargetPort:\t{port.get('targetPort', port.get('port'))}/{protocol}"
    if node_port := int(number(port, "nodePort")):
        yield f"NodePort:\t{name}\t{node_port}/{protocol}"
    yield f"Endpoints:\t{columns.first_three(addresses(session, obj, text(port, 'name')))}"


def addresses(session: Session, obj: Obj, port: str) -> list[str]:
    """`IP:PORT` of the ready pods behind a Service's port."""
    namespace, name = text(obj, "metadata", "namespace"), text(obj, "metadata", "name")
    return [
        f"{text(address, 'ip')}:{int(number(each, 'port'))}"
        for endpoint in session.cluster.list("endpoints", namespace)
        if text(endpoint, "metadata", "name") == name
        for subset in items(endpoint, "subsets")
        for each in items(subset, "ports")
        if text(each, "name") == port
        for address in items(subset, "addresses")
    ]


def endpoints(session: Session, obj: Obj) -> Iterator[str]:
    yield from _meta(obj)
    yield from _notes(obj)
    yield "Subsets:"
    for subset in items(obj, "subsets"):
        for title, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            yield f"  {title}:\t{','.join(text(each, 'ip') for each in items(subset, key)) or NONE}"
        if ports := items(subset, "ports"):
            yield from ("  Ports:", "    Name\tPort\tProtocol", "    ----\t----\t--------")
            for port in ports:
                yield f"    {text(port, 'name') or '<unset>'}\t{int(number(port, 'port'))}\t{text(port, 'protocol', default='TCP')}"
        yield ""


def ingress(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield f"Name:\t{text(obj, 'metadata', 'name')}"
    yield from template.labels("Labels", section(obj, "metadata", "labels"))
    yield f"Namespace:\t{text(obj, 'metadata', 'namespace')}"
    yield f"Address:\t{columns.ingress_address(obj)}"
    yield f"Ingress Class:\t{text(spec, 'ingressClassName') or NONE}"
    yield from ("Default backend:\t<default>", "Rules:", "  Host\tPath\tBackends", "  ----\t----\t--------")
    for rule in items(spec, "rules"):
        yield f"  {text(rule, 'host', default='*')}\t"
        for path in items(rule, "http", "paths"):
            yield f"    \t{text(path, 'path')} \t{_backend(session, obj, section(path, 'backend', 'service'))}"
    yield from template.notes("Annotations", section(obj, "metadata", "annotations"))


def _backend(session: Session, obj: Obj, backend: Obj) -> str:
    name, port = text(backend, "name"), section(backend, "port")
    namespace = text(obj, "metadata", "namespace")
    shown = f"{name}:{port.get('number') or port.get('name')}"
    target = next(
        (each for each in session.cluster.list("services", namespace) if text(each, "metadata", "name") == name), None
    )
    if target is None:
        return f'{shown} (<error: services "{name}" not found>)'
    ports = [
        each
        for each in items(target, "spec", "ports")
        if port in ({"number": each.get("port")}, {"name": each.get("name")})
    ]
    found = addresses(session, target, text(ports[0], "name")) if ports else []
    return f"{shown} ({columns.first_three(found)})"


def policy(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield from _meta(obj)
    yield f"Created on:\t{text(obj, 'metadata', 'creationTimestamp').replace('T', ' ').replace('Z', ' +0000 UTC')}"
    yield from _notes(obj)
    kinds = spec.get("policyTypes")
    types = [str(each) for each in kinds] if isinstance(kinds, list) else ["Ingress"]
    chosen = columns.selector(section(spec, "podSelector"))
    everyone = f"{NONE} (Allowing the specific traffic to all pods in this namespace)"
    yield from ("Spec:", f"  PodSelector:     {everyone if chosen == NONE else chosen}")
    for kind, key, way in (("Ingress", "ingress", "From"), ("Egress", "egress", "To")):
        if kind in types:
            yield f"  Allowing {key} traffic:"
            yield from _rules(items(spec, key), way, key)
        else:
            yield f"  Not affecting {key} traffic"
    yield f"  Policy Types: {', '.join(types)}"


def _rules(rules: Sequence[Obj], way: str, kind: str) -> Iterator[str]:
    if not rules:
        yield f"    {NONE} (Selected pods are isolated for {kind} connectivity)"
    for at, rule in enumerate(rules):
        if at:
            yield "    ----------"
        ports = items(rule, "ports")
        yield from (f"    To Port: {port.get('port')}/{text(port, 'protocol', default='TCP')}" for port in ports)
        if not ports:
            yield "    To Port: <any> (traffic allowed to all ports)"
        peers = items(rule, way.lower())
        side = "source" if way == "From" else "destination"
        if not peers:
            yield f"    {way}: <any> (traffic not restricted by {side})"
        for peer in peers:
            yield f"    {way}:"
            yield from _peer(peer)


def _peer(peer: Obj) -> Iterator[str]:
    for key, title in (("namespaceSelector", "NamespaceSelector"), ("podSelector", "PodSelector")):
        if key in peer:
            yield f"      {title}: {columns.selector(section(peer, key))}"
    if block := section(peer, "ipBlock"):
        yield from ("      IPBlock:", f"        CIDR: {text(block, 'cidr')}")


def volume(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield from _meta(obj, namespaced=False)
    yield from _notes(obj)
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
    yield from _meta(obj, namespaced=False)
    yield from _notes(obj)
    yield f"Status:\t{text(obj, 'status', 'phase')}"
    yield from ("", "No resource quota.", "", "No LimitRange resource.")


def node(session: Session, obj: Obj) -> Iterator[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    yield from _meta(obj, namespaced=False)
    yield f"Roles:\t{columns.node_roles(obj)}"
    yield from _notes(obj)
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
    for title, value in (("PodCIDR", text(spec, "podCIDR")), ("PodCIDRs", _listed(spec.get("podCIDRs"))),
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
        said = (
            [text(each, key) for key in ("type", "status")],
            times,
            [text(each, key) for key in ("reason", "message")],
        )
        yield "  " + " \t".join(one for part in said for one in part)


SYSTEM = (
    ("Machine ID", "machineID"), ("System UUID", "systemUUID"), ("Boot ID", "bootID"), ("Kernel Version", "kernelVersion"),
    ("OS Image", "osImage"), ("Operating System", "operatingSystem"), ("Architecture", "architecture"),
    ("Container Runtime Version", "containerRuntimeVersion"), ("Kubelet Version", "kubeletVersion"),
)  # fmt: skip


def _system(info: Obj) -> Iterator[str]:
    yield "System Info:"
    yield from (f"  {title}:\t{text(info, key)}" for title, key in SYSTEM)


def _allocation(session: Session, obj: Obj) -> Iterator[str]:
    """What the pods of a node ask for, each and together."""
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
        meta = section(each, "metadata")
        born = age(text(meta, "creationTimestamp"), session.now())
        yield "  " + "\t".join([text(meta, "namespace"), text(meta, "name"), "", *amounts, born])
    yield from ("Allocated resources:", "  (Total limits may be over 100 percent, i.e., overcommitted.)")
    yield from ("  Resource\tRequests\tLimits", "  --------\t--------\t------")
    huge = sorted(key for key in allocatable if key.startswith("hugepages-"))
    for kind in ("cpu", "memory", "ephemeral-storage", *huge):
        yield f"  {kind}\t" + "\t".join(_share(pods, kind, which, allocatable) for which in ("requests", "limits"))


def _share(pods: Sequence[Obj], kind: str, which: str, allocatable: Obj) -> str:
    """`250m (12%)`: the sum over all containers, and how much of the node it is."""
    total = sum(
        (quantity(section(container, "resources", which).get(kind, "0")) for each in pods
         for container in items(each, "spec", "containers")), start=quantity("0"),
    )  # fmt: skip
    whole = quantity(allocatable.get(kind, "0"))
    percent = int(total * 100 / whole) if whole else 0
    return f"{cores(total) if kind == 'cpu' else bytes_(total)} ({percent}%)"

"""The columns of `get` for each kind, as the API server defines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.cluster.kubectl import pod_serializer
from harness.cluster.kubectl.human_units import age
from harness.machine.objects import Json, Obj, items, number, section, strings, text

NONE = "<none>"
Cells = Callable[[Obj, float], Sequence[str]]


@dataclass(frozen=True)
class Columns:
    """Column names and the function (object, now) for their cells; the `wide` ones are added by `-o wide`."""

    names: tuple[str, ...]
    cells: Cells
    wide: tuple[str, ...] = ()
    wide_cells: Cells = lambda obj, now_s: ()
    message: int | None = None
    """Index at which the wide columns are inserted; None: at the end."""


def created(obj: Obj, now_s: float) -> str:
    return age(text(obj, "metadata", "creationTimestamp"), now_s)


def name(obj: Obj) -> str:
    return text(obj, "metadata", "name")


def count(obj: Obj, *path: str) -> str:
    return str(int(number(obj, *path)))


def pairs(labels: Json) -> str:
    """`a=b,c=d`, or `<none>`."""
    return ",".join(f"{key}={value}" for key, value in sorted(strings(labels).items())) or NONE


def selector(value: Json) -> str:
    """A label selector (`matchLabels`, `matchExpressions`) as text."""
    parts = [f"{key}={wanted}" for key, wanted in sorted(strings(section(value, "matchLabels")).items())]
    for each in items(value, "matchExpressions"):
        values = each.get("values")
        listed = ",".join(str(one) for one in values) if isinstance(values, list) else ""
        sign = text(each, "operator")
        parts.append({"Exists": text(each, "key"), "DoesNotExist": f"!{text(each, 'key')}"}.get(
            sign, f"{text(each, 'key')} {sign.lower()} ({listed})"
        ))  # fmt: skip
    return ",".join(parts) or NONE


def _pod(obj: Obj, now_s: float) -> Sequence[str]:
    state = pod_serializer.state(obj, now_s)
    return name(obj), f"{state.ready}/{state.containers}", state.reason, state.restarts, created(obj, now_s)


def _pod_wide(obj: Obj, now_s: float) -> Sequence[str]:
    place = text(obj, "status", "podIP") or NONE, text(obj, "spec", "nodeName") or NONE
    return *place, text(obj, "status", "nominatedNodeName") or NONE, NONE


def _deployment(obj: Obj, now_s: float) -> Sequence[str]:
    ready = f"{count(obj, 'status', 'readyReplicas')}/{count(obj, 'spec', 'replicas')}"
    return (
        name(obj),
        ready,
        count(obj, "status", "updatedReplicas"),
        count(obj, "status", "availableReplicas"),
        created(obj, now_s),
    )


def _template(obj: Obj, now_s: float) -> Sequence[str]:
    containers = items(obj, "spec", "template", "spec", "containers")
    names, images = ([text(each, key) for each in containers] for key in ("name", "image"))
    return ",".join(names), ",".join(images), selector(section(obj, "spec", "selector"))


def _replicaset(obj: Obj, now_s: float) -> Sequence[str]:
    have = count(obj, "status", "replicas"), count(obj, "status", "readyReplicas")
    return name(obj), count(obj, "spec", "replicas"), *have, created(obj, now_s)


def _service(obj: Obj, now_s: float) -> Sequence[str]:
    spec = section(obj, "spec")
    address = text(spec, "clusterIP") or NONE
    return (
        name(obj),
        text(spec, "type", default="ClusterIP"),
        address,
        _external(obj),
        _ports(spec) or NONE,
        created(obj, now_s),
    )


def _external(obj: Obj) -> str:
    given = section(obj, "spec").get("externalIPs")
    addresses = [str(each) for each in given] if isinstance(given, list) else []
    if text(obj, "spec", "type") == "LoadBalancer":
        addresses += [
            text(each, "ip") or text(each, "hostname") for each in items(obj, "status", "loadBalancer", "ingress")
        ]
        return ",".join(addresses) or "<pending>"
    return ",".join(addresses) or NONE


def _ports(spec: Obj) -> str:
    def one(port: Obj) -> str:
        node = f":{count(port, 'nodePort')}" if port.get("nodePort") else ""
        return f"{count(port, 'port')}{node}/{text(port, 'protocol', default='TCP')}"

    return ",".join(one(port) for port in items(spec, "ports"))


def endpoint_list(obj: Obj) -> list[str]:
    """`IP:PORT` of every ready address, port by port."""
    return [
        f"{text(address, 'ip')}:{count(port, 'port')}"
        for subset in items(obj, "subsets")
        for port in items(subset, "ports")
        for address in items(subset, "addresses")
    ]


def first_three(addresses: Sequence[str]) -> str:
    more = f" + {len(addresses) - 3} more..." if len(addresses) > 3 else ""
    return ",".join(addresses[:3]) + more


def _endpoints(obj: Obj, now_s: float) -> Sequence[str]:
    shown = first_three(endpoint_list(obj)) if items(obj, "subsets") else NONE
    return name(obj), shown, created(obj, now_s)


def node_roles(obj: Obj) -> str:
    prefix = "node-role.kubernetes.io/"
    labels = strings(section(obj, "metadata", "labels"))
    return ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or NONE


def _node(obj: Obj, now_s: float) -> Sequence[str]:
    ready = next(
        (text(each, "status") for each in items(obj, "status", "conditions") if each.get("type") == "Ready"), "Unknown"
    )
    status = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    cordoned = ",SchedulingDisabled" if section(obj, "spec").get("unschedulable") else ""
    version = text(obj, "status", "nodeInfo", "kubeletVersion")
    return name(obj), status + cordoned, node_roles(obj), created(obj, now_s), version


def _node_wide(obj: Obj, now_s: float) -> Sequence[str]:
    info = section(obj, "status", "nodeInfo")
    kinds = {text(each, "type"): text(each, "address") for each in items(obj, "status", "addresses")}
    machine = f" ({text(info, 'architecture')})" if info.get("architecture") else ""
    where = kinds.get("InternalIP", NONE), kinds.get("ExternalIP", NONE)
    return *where, text(info, "osImage"), text(info, "kernelVersion") + machine, text(info, "containerRuntimeVersion")


ACCESS = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def access_modes(obj: Obj) -> str:
    modes = section(obj, "spec").get("accessModes")
    return ",".join(ACCESS.get(str(mode), str(mode)) for mode in modes) if isinstance(modes, list) else ""


def claim(obj: Obj) -> str:
    ref = section(obj, "spec", "claimRef")
    return f"{text(ref, 'namespace')}/{text(ref, 'name')}" if ref else ""


def _volume(obj: Obj, now_s: float) -> Sequence[str]:
    spec, status = section(obj, "spec"), section(obj, "status")
    head = name(obj), text(spec, "capacity", "storage"), access_modes(obj), text(spec, "persistentVolumeReclaimPolicy")
    kind = text(spec, "storageClassName"), text(spec, "volumeAttributesClassName") or "<unset>"
    return *head, text(status, "phase"), claim(obj), *kind, text(status, "reason"), created(obj, now_s)


def _ingress(obj: Obj, now_s: float) -> Sequence[str]:
    spec = section(obj, "spec")
    hosts = ",".join(text(rule, "host", default="*") for rule in items(spec, "rules")) or "*"
    ports = "80, 443" if items(spec, "tls") else "80"
    return name(obj), text(spec, "ingressClassName") or NONE, hosts, ingress_address(obj), ports, created(obj, now_s)


def ingress_address(obj: Obj) -> str:
    return ",".join(
        text(each, "ip") or text(each, "hostname") for each in items(obj, "status", "loadBalancer", "ingress")
    )


def _policy(obj: Obj, now_s: float) -> Sequence[str]:
    return name(obj), selector(section(obj, "spec", "podSelector")), created(obj, now_s)


def _namespace(obj: Obj, now_s: float) -> Sequence[str]:
    return name(obj), text(obj, "status", "phase"), created(obj, now_s)


def last_seen(obj: Obj) -> str:
    times = text(obj, "series", "lastObservedTime"), text(obj, "lastTimestamp"), text(obj, "eventTime")
    return next((each for each in (*times, text(obj, "firstTimestamp")) if each), "")


def _event(obj: Obj, now_s: float) -> Sequence[str]:
    about = section(obj, "involvedObject")
    what = f"{text(about, 'kind').lower()}/{text(about, 'name')}"
    return age(last_seen(obj), now_s), text(obj, "type"), text(obj, "reason"), what, text(obj, "message").strip()


def _event_wide(obj: Obj, now_s: float) -> Sequence[str]:
    source = section(obj, "source")
    host = f", {text(source, 'host')}" if source.get("host") else ""
    first = text(obj, "firstTimestamp") or text(obj, "eventTime")
    count_ = int(number(obj, "count", default=1)) or 1
    component = text(source, "component") or text(obj, "reportingComponent")
    return text(obj, "involvedObject", "fieldPath"), component + host, age(first, now_s), str(count_), name(obj)


def _plain(obj: Obj, now_s: float) -> Sequence[str]:
    return name(obj), created(obj, now_s)


PLAIN = Columns(("NAME", "AGE"), _plain)
TEMPLATE = ("CONTAINERS", "IMAGES", "SELECTOR")
COLUMNS = {
    "pods": Columns(
        ("NAME", "READY", "STATUS", "RESTARTS", "AGE"), _pod,
        ("IP", "NODE", "NOMINATED NODE", "READINESS GATES"), _pod_wide,
    ),
    "deployments": Columns(("NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"), _deployment, TEMPLATE, _template),
    "replicasets": Columns(("NAME", "DESIRED", "CURRENT", "READY", "AGE"), _replicaset, TEMPLATE, _template),
    "services": Columns(
        ("NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"), _service,
        ("SELECTOR",), lambda obj, now_s: (pairs(section(obj, "spec", "selector")),),
    ),
    "endpoints": Columns(("NAME", "ENDPOINTS", "AGE"), _endpoints),
    "nodes": Columns(
        ("NAME", "STATUS", "ROLES", "AGE", "VERSION"), _node,
        ("INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"), _node_wide,
    ),
    "persistentvolumes": Columns(
        ("NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS",
         "VOLUMEATTRIBUTESCLASS",
         "REASON", "AGE"), _volume, ("VOLUMEMODE",), lambda obj, now_s: (text(obj, "spec", "volumeMode"),),
    ),
    "ingresses": Columns(("NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"), _ingress),
    "networkpolicies": Columns(("NAME", "POD-SELECTOR", "AGE"), _policy),
    "namespaces": Columns(("NAME", "STATUS", "AGE"), _namespace),
    "events": Columns(
        ("LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"), _event,
        ("SUBOBJECT", "SOURCE", "FIRST SEEN", "COUNT", "NAME"), _event_wide, message=4,
    ),
}  # fmt: skip


def header(plural: str, wide: bool) -> list[str]:
    columns = COLUMNS.get(plural, PLAIN)
    return _join(columns, columns.names, columns.wide if wide else ())


def cells(plural: str, obj: Obj, wide: bool, now_s: float) -> list[str]:
    """One row. The wide columns of events surround the message, as in the API server."""
    columns = COLUMNS.get(plural, PLAIN)
    return _join(columns, columns.cells(obj, now_s), columns.wide_cells(obj, now_s) if wide else ())


def _join(columns: Columns, names: Sequence[str], wide: Sequence[str]) -> list[str]:
    if columns.message is None or not wide:
        return [*names, *wide]
    at = columns.message
    return [*names[:at], *wide[:2], *names[at:], *wide[2:]]

"""The descriptions of Services, Endpoints, Ingresses and NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.cluster.kubectl import columns, template
from harness.cluster.kubectl.pages import listed, meta, notes
from harness.cluster.kubectl.session import Session
from harness.cluster.kubectl.template import NONE
from harness.machine.objects import Obj, items, number, section, text


def service(session: Session, obj: Obj) -> Iterator[str]:
    spec = section(obj, "spec")
    yield from meta(obj)
    yield from notes(obj)
    yield f"Selector:\t{columns.pairs(section(spec, 'selector'))}"
    yield f"Type:\t{text(spec, 'type', default='ClusterIP')}"
    if policy := text(spec, "ipFamilyPolicy"):
        yield f"IP Family Policy:\t{policy}"
    yield f"IP Families:\t{listed(spec.get('ipFamilies'))}"
    yield f"IP:\t{text(spec, 'clusterIP')}"
    yield f"IPs:\t{listed(spec.get('clusterIPs'))}"
    for port in items(spec, "ports"):
        yield from _service_port(session, obj, port)
    yield f"Session Affinity:\t{text(spec, 'sessionAffinity', default='None')}"
    for title, key in (("External", "externalTrafficPolicy"), ("Internal", "internalTrafficPolicy")):
        if policy := text(spec, key):
            yield f"{title} Traffic Policy:\t{policy}"


def _service_port(session: Session, obj: Obj, port: Obj) -> Iterator[str]:
    name, protocol = text(port, "name") or "<unset>", text(port, "protocol", default="TCP")
    yield f"Port:\t{name}\t{int(number(port, 'port'))}/{protocol}"
    yield f"TargetPort:\t{port.get('targetPort', port.get('port'))}/{protocol}"
    if node_port := int(number(port, "nodePort")):
        yield f"NodePort:\t{name}\t{node_port}/{protocol}"
    yield f"Endpoints:\t{columns.first_three(addresses(session, obj, text(port, 'name')))}"


def addresses(session: Session, obj: Obj, port: str) -> list[str]:
    """`IP:PORT` of the ready pods of a Service's port."""
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
    yield from meta(obj)
    yield from notes(obj)
    yield "Subsets:"
    for subset in items(obj, "subsets"):
        for title, key in (("Addresses", "addresses"), ("NotReadyAddresses", "notReadyAddresses")):
            yield f"  {title}:\t{','.join(text(each, 'ip') for each in items(subset, key)) or NONE}"
        if ports := items(subset, "ports"):
            yield from ("  Ports:", "    Name\tPort\tProtocol", "    ----\t----\t--------")
            for port in ports:
                named = text(port, "name") or "<unset>", str(int(number(port, "port")))
                yield "    " + "\t".join([*named, text(port, "protocol", default="TCP")])
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
    yield from meta(obj)
    yield f"Created on:\t{text(obj, 'metadata', 'creationTimestamp').replace('T', ' ').replace('Z', ' +0000 UTC')}"
    yield from notes(obj)
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

"""What one side of a drill deploys into its namespace: the shipped services, or the manifests of the user."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.machine.objects import Json, Obj, items, section, strings, text
from harness.manifests import Asked, Declared, Manifests
from harness.manifests.model import ACCESS_KINDS, KINDS, selects
from harness.platforms.kubernetes import manifests as shipped
from harness.platforms.kubernetes.objects import as_declared, name_of

TREATMENT, CONTROL = shipped.TREATMENT, shipped.CONTROL
SHIPPED_NAMESPACE = "production"
SHIPPED_ASKED = Asked("8080/health", "8080/metrics", ready=True)


def namespaces(treatment: str = SHIPPED_NAMESPACE) -> Mapping[str, str]:
    """The namespace of each side, by side."""
    return {TREATMENT: treatment, CONTROL: f"{treatment}-control"}


@dataclass(frozen=True)
class Release:
    """The objects of one side."""

    namespace: str
    deployments: Mapping[str, Obj]
    """By name. Every drill creates them again."""
    services: Mapping[str, Obj]
    """By name: the Services that lead to pods."""
    asked: Mapping[str, Asked]
    """Where the pods of each Deployment answer, by its name."""
    manifests: Manifests | None = None
    """The user's; None: the shipped services."""
    others: tuple[Obj, ...] = ()
    """The user's other objects, which a run applies once, in this order."""
    access: tuple[Obj, ...] = ()
    """The user's objects that only the cluster's administrator may create."""

    @property
    def own(self) -> bool:
        """Whether these are services of the user, which have no admin ports."""
        return self.manifests is not None


def shipped_release(side: str) -> Release:
    """The shipped services. Raises MachineError without kubectl."""
    objects = shipped.render(shipped.FOLDERS[side])
    deployments = {name_of(one): one for one in objects if text(one, "kind") == "Deployment"}
    services = {name_of(one): one for one in objects if text(one, "kind") == "Service" and name_of(one) in deployments}
    return Release(namespaces()[side], deployments, services, dict.fromkeys(deployments, SHIPPED_ASKED))


_ORDER = ("ServiceAccount", "Secret", "ConfigMap", "PersistentVolumeClaim", "Service")
"""The kinds that others refer to, which are applied before them."""


def own_release(manifests: Manifests, side: str) -> Release:
    """The user's objects, moved into the namespace of a side."""
    namespace = namespaces(manifests.namespace)[side]
    move = _mover(manifests, namespace)
    moved = [(each, move(each)) for each in manifests.objects]
    others = sorted(
        (one for each, one in moved if each.kind not in ("Deployment", *ACCESS_KINDS)),
        key=lambda one: _ORDER.index(text(one, "kind")) if text(one, "kind") in _ORDER else len(_ORDER),
    )
    return Release(
        namespace,
        {each.name: one for each, one in moved if each.kind == "Deployment"},
        {each.name: one for each, one in moved if each.kind == "Service" and each.name in manifests.entrances},
        {name: manifests.asked(name) for name in manifests.deployments},
        manifests,
        tuple(others),
        tuple(one for each, one in moved if each.kind in ACCESS_KINDS),
    )


def path_of(body: Obj) -> str:
    """The path of an object in the API."""
    version, kind = text(body, "apiVersion"), text(body, "kind")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/namespaces/{text(body, 'metadata', 'namespace')}/{KINDS[kind][1]}/{name_of(body)}"


def entrances_of(release: Release, deployment: str) -> Sequence[Obj]:
    """The Services that lead to the pods of a Deployment."""
    template = section(release.deployments[deployment], "spec", "template")
    return [one for one in release.services.values() if selects(one, template)]


def _mover(manifests: Manifests, namespace: str) -> Callable[[Declared], Obj]:
    """A function that returns an object of the manifests as it is in a namespace.

    Addresses of the manifests' own Services that name a namespace (`cache.shop.svc`) name this one: the control would
    send its requests to the treatment otherwise.
    """
    old = {manifests.namespace, manifests.own_namespace} - {""}
    services = sorted(manifests.of_kind("Service"), key=len, reverse=True)
    address = re.compile(
        rf"(?<![\w.-])((?:[\w-]+\.)?(?:{'|'.join(map(re.escape, services))}))\.(?:{'|'.join(map(re.escape, old))})"
        r"(?=\.svc(?![\w-])|[^\w.-]|\.?$)"
    )

    def rewritten(value: str) -> str:
        return address.sub(rf"\1.{namespace}", value) if services else value

    def move(each: Declared) -> Obj:
        body = _in_all_texts(_bare(each.body), rewritten)
        if each.kind == "Secret":
            body = {**body, **({"data": _decoded(section(body, "data"), rewritten)} if "data" in body else {})}
        body["metadata"] = {**section(body, "metadata"), "namespace": namespace}
        if each.kind == "RoleBinding":
            body["subjects"] = [_subject(one, namespace) for one in items(body, "subjects")]
        return _with_node_ports(body) if each.name in manifests.entrances and each.kind == "Service" else body

    return move


def _bare(body: Obj) -> Obj:
    """An object without what a cluster has added to it, as in the output of `kubectl get`."""
    bare = as_declared(body)
    if text(bare, "kind") == "Service" and text(bare, "spec", "clusterIP") not in ("", "None"):
        spec = {key: one for key, one in section(bare, "spec").items() if key not in ("clusterIP", "clusterIPs")}
        return {**bare, "spec": spec}
    return bare


def _in_all_texts(value: Obj, change: Callable[[str], str]) -> Obj:
    def changed(one: Json) -> Json:
        if isinstance(one, dict):
            return {key: changed(item) for key, item in one.items()}
        if isinstance(one, list):
            return [changed(item) for item in one]
        return change(one) if isinstance(one, str) else one

    return {key: changed(item) for key, item in value.items()}


def _decoded(data: Obj, change: Callable[[str], str]) -> Obj:
    """The data of a Secret with its texts changed; what is no text stays."""

    def changed(value: str) -> str:
        try:
            plain = base64.b64decode(value, validate=True).decode()
        except ValueError:
            return value
        return base64.b64encode(change(plain).encode()).decode()

    return {key: changed(value) for key, value in strings(data).items()}


def _subject(subject: Obj, namespace: str) -> Obj:
    return {**subject, "namespace": namespace} if text(subject, "kind") == "ServiceAccount" else subject


def _with_node_ports(service: Obj) -> Obj:
    """The Service, so that it is reached from outside of the cluster too."""
    return {**service, "spec": {**section(service, "spec"), "type": "NodePort"}}

"""Why an object of the manifests cannot be a part of a drill, which deploys everything twice into one cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.machine.objects import Obj, items, section, text
from harness.manifests.model import KINDS, Declared, Step, containers, pod_of, pod_path

CLUSTER_KINDS = (
    "APIService", "ClusterRole", "ClusterRoleBinding", "CSIDriver", "CustomResourceDefinition", "IngressClass",
    "MutatingWebhookConfiguration", "Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "RuntimeClass",
    "StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration",
    "VolumeSnapshotClass",
)  # fmt: skip
RESERVED = {
    "ConfigMap": ("gameday-before", "gameday-before-up", "gameday-revert"),
    "Role": ("gameday", "gameday-operator"),
    "RoleBinding": ("gameday", "gameday-operator"),
    "ServiceAccount": ("gameday-operator",),
}
"""Names of the objects that gameday needs in the namespaces, by kind."""
_HOOK = "helm.sh/hook"
_HOST_KEYS = ("hostNetwork", "hostPID", "hostIPC")


@dataclass(frozen=True)
class Refusal:
    """One reason, at the value at `path` of an object."""

    path: tuple[Step, ...]
    fact: str


def is_test(declared: Declared) -> bool:
    """Whether an object is run by `helm test` only, so that it is not deployed."""
    hooks = text(declared.body, "metadata", "annotations", _HOOK).split(",")
    return any(each.strip().startswith("test") for each in hooks)


def refusals(declared: Declared) -> Iterator[Refusal]:
    """Every reason against one object."""
    if not declared.kind or not text(declared.body, "apiVersion"):
        yield Refusal((), "no Kubernetes object: `apiVersion` or `kind` is missing; remove it, or name another file")
        return
    if why := _of_kind(declared):
        yield Refusal(("kind",), why)
        return
    if not declared.name:
        yield Refusal(("metadata",), "it has no `metadata.name`, by which it could be put back; give it one")
    for rule in _RULES:
        yield from rule(declared)


def _of_kind(declared: Declared) -> str:
    kind, group = declared.kind, _group(text(declared.body, "apiVersion"))
    leave_out = "leave it out, as in an overlay for tests"
    if kind in CLUSTER_KINDS:
        return (
            f"it is not in a namespace, so both sides, and everything else in the cluster, would share it; {leave_out}"
        )
    if kind == "Ingress":
        return f"both sides would claim its hosts and paths; {leave_out}: the load reaches the Services themselves"
    if kind == "Pod":
        return "nothing replaces a pod that a runbook deletes; make it a Deployment, or leave it out"
    if kind in KINDS and group == _group(KINDS[kind][0]):
        return ""
    return f"gameday does not know what {text(declared.body, 'apiVersion')} {kind} does; {leave_out}"


def _group(version: str) -> str:
    return version.rpartition("/")[0]


def _hook(declared: Declared) -> Iterator[Refusal]:
    if text(declared.body, "metadata", "annotations", _HOOK):
        fact = "a Helm hook, which only Helm runs at its time; render with `helm template --no-hooks`"
        yield Refusal(("metadata", "annotations", _HOOK), fact)


def _reserved(declared: Declared) -> Iterator[Refusal]:
    if declared.name in RESERVED.get(declared.kind, ()):
        fact = f"gameday has a {declared.kind} of this name in each namespace; choose another one"
        yield Refusal(("metadata", "name"), fact)


def _load(declared: Declared) -> Iterator[Refusal]:
    if declared.kind in ("Deployment", "Service") and declared.name == "load":
        yield Refusal(("metadata", "name"), "`load` is the load itself, as in `at: load`; choose another name")


def _service(declared: Declared) -> Iterator[Refusal]:
    if declared.kind != "Service":
        return
    if text(declared.body, "spec", "type") == "LoadBalancer":
        fact = "LoadBalancer: each side would get one outside the cluster; use ClusterIP, as in an overlay for tests"
        yield Refusal(("spec", "type"), fact)
    for number, port in enumerate(items(declared.body, "spec", "ports")):
        if "nodePort" in port:
            fact = f"the NodePort {port['nodePort']} exists once in a cluster, and there are two sides; remove the line"
            yield Refusal(("spec", "ports", number, "nodePort"), fact)
    for key in ("externalIPs", "loadBalancerIP"):
        if section(declared.body, "spec").get(key):
            yield Refusal(("spec", key), "both sides would claim the address; remove it")


def _pod(declared: Declared) -> Iterator[Refusal]:
    at, pod = pod_path(declared.kind), pod_of(declared.body)
    for key in _HOST_KEYS:
        if pod.get(key) is True:
            yield Refusal((*at, key), "the pod would be in the node's own namespace, outside of the sandbox; remove it")
    for number, volume in enumerate(items(pod, "volumes")):
        if "hostPath" in volume:
            fact = "a folder of the node, which both sides and everything else there share; use emptyDir or a claim"
            yield Refusal((*at, "volumes", number, "hostPath"), fact)
    if at and not items(pod, "containers"):
        yield Refusal(at, "it has no containers; add one")
    for path, container in containers(pod):
        yield from (Refusal((*at, *path, *each.path), each.fact) for each in _container(container))


def _container(container: Obj) -> Iterator[Refusal]:
    if section(container, "securityContext").get("privileged") is True:
        fact = "a privileged container can leave the sandbox; remove it"
        yield Refusal(("securityContext", "privileged"), fact)
    for number, port in enumerate(items(container, "ports")):
        if port.get("hostPort"):
            fact = f"the port {port['hostPort']} of a node exists once, and there are two sides; remove the line"
            yield Refusal(("ports", number, "hostPort"), fact)


def _binding(declared: Declared) -> Iterator[Refusal]:
    if declared.kind == "RoleBinding" and text(declared.body, "roleRef", "kind") == "ClusterRole":
        fact = "a ClusterRole, whose rights these files do not show; bind a Role with the rights that are needed"
        yield Refusal(("roleRef", "kind"), fact)


_RULES: tuple[Callable[[Declared], Iterator[Refusal]], ...] = (_hook, _reserved, _load, _service, _pod, _binding)

"""The kinds of objects, and the parser of `TYPE NAME`, `TYPE/NAME` and `TYPE,TYPE` arguments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.cluster.kubectl.errors import Failure


@dataclass(frozen=True)
class Resource:
    """One kind. Kinds that are not `supported` have no objects, as on a cluster where none were created."""

    plural: str
    kind: str
    short: tuple[str, ...] = ()
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    supported: bool = True
    scalable: bool = False

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def full(self) -> str:
        """The name in errors: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def prefix(self) -> str:
        """The name in `-o name` and in messages: `deployment.apps`."""
        return f"{self.singular}.{self.group}" if self.group else self.singular

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


NETWORKING = "networking.k8s.io"
RESOURCES = (
    Resource("configmaps", "ConfigMap", ("cm",), supported=False),
    Resource("endpoints", "Endpoints", ("ep",)),
    Resource("events", "Event", ("ev",)),
    Resource("namespaces", "Namespace", ("ns",), namespaced=False),
    Resource("nodes", "Node", ("no",), namespaced=False),
    Resource("persistentvolumeclaims", "PersistentVolumeClaim", ("pvc",), supported=False),
    Resource("persistentvolumes", "PersistentVolume", ("pv",), namespaced=False),
    Resource("pods", "Pod", ("po",)),
    Resource("secrets", "Secret", supported=False),
    Resource("serviceaccounts", "ServiceAccount", ("sa",), supported=False),
    Resource("services", "Service", ("svc",)),
    Resource("daemonsets", "DaemonSet", ("ds",), "apps", supported=False),
    Resource("deployments", "Deployment", ("deploy",), "apps", scalable=True),
    Resource("replicasets", "ReplicaSet", ("rs",), "apps", scalable=True),
    Resource("statefulsets", "StatefulSet", ("sts",), "apps", supported=False, scalable=True),
    Resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", ("hpa",), "autoscaling", "v2", supported=False),
    Resource("cronjobs", "CronJob", ("cj",), "batch", supported=False),
    Resource("jobs", "Job", (), "batch", supported=False),
    Resource("ingresses", "Ingress", ("ing",), NETWORKING),
    Resource("networkpolicies", "NetworkPolicy", ("netpol",), NETWORKING),
)
BY_PLURAL = {each.plural: each for each in RESOURCES}
ALL = (
    "pods",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
)
"""The kinds of the category `all`, in kubectl's order."""


@dataclass(frozen=True)
class Target:
    """One requested object, or with an empty name all objects of the kind."""

    resource: Resource
    name: str = ""


def lookup(name: str) -> Resource:
    """The kind of a name. Raises kubectl's error for an unknown one."""
    head, _, rest = name.partition(".")
    for each in RESOURCES:
        named = head.lower() in (each.plural, each.singular) or (head in each.short and not rest)
        if named and rest in ("", each.group, f"{each.version}.{each.group}"):
            return each
    raise Failure(f'error: the server doesn\'t have a resource type "{head}"')


NO_NAME = "error: resource(s) were provided, but no name was specified"
NOTHING = """error: You must provide one or more resources by argument or filename.
Example resource specifications include:
   '-f rsrc.yaml'
   '--filename=rsrc.json'
   '<resource> <name>'
   '<resource>'"""
MIXED = (
    "error: there is no need to specify a resource type as a separate argument when passing arguments in"
    " resource/name form (e.g. 'kubectl get resource/<resource_name>'"
    " instead of 'kubectl get resource resource/<resource_name>'"
)


def targets(args: Sequence[str], *, every: bool) -> list[Target]:
    """Parse arguments. `every` allows a type without names; otherwise that raises Failure."""
    if not args:
        raise Failure(NOTHING)
    if any("/" in arg for arg in args):
        return [_slashed(arg) for arg in args]
    kinds, names = _kinds(args[0]), args[1:]
    if names and args[0] == "all":
        raise Failure("error: you must specify only one resource")
    if any(not name for name in names):
        raise Failure("error: resource name may not be empty")
    if not names and not every:
        raise Failure(NO_NAME)
    return [Target(kind, name) for kind in kinds for name in names or ("",)]


def _slashed(arg: str) -> Target:
    parts = arg.split("/")
    if len(parts) == 1:
        raise Failure(MIXED)
    if len(parts) > 2:
        raise Failure("error: arguments in resource/name form may not have more than one slash")
    if not all(parts):
        raise Failure("error: arguments in resource/name form must have a single resource and name")
    return Target(lookup(parts[0]), parts[1])


def _kinds(name: str) -> list[Resource]:
    """The kinds of `pods,svc`; `all` is a category."""
    found: list[Resource] = []
    for part in name.split(","):
        found += [BY_PLURAL[plural] for plural in ALL] if part == "all" else [lookup(part)]
    return found

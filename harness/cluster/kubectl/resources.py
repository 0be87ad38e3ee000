"""The kinds that kubectl knows here, and how it reads `TYPE NAME`, `TYPE/NAME`, `TYPE,TYPE`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.cluster.kubectl.errors import Failure


@dataclass(frozen=True)
class Resource:
    """One kind. `held` kinds exist on the platform; of the others a list is empty, as on a cluster that has none."""

    plural: str
    kind: str
    short: tuple[str, ...] = ()
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    held: bool = True
    scalable: bool = False

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def full(self) -> str:
        """As errors name it: `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def prefix(self) -> str:
        """As `-o name` and messages name it: `deployment.apps`."""
        return f"{self.singular}.{self.group}" if self.group else self.singular

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version


NETWORKING = "networking.k8s.io"
RESOURCES = (
    Resource("configmaps", "ConfigMap", ("cm",), held=False),
    Resource("endpoints", "Endpoints", ("ep",)),
    Resource("events", "Event", ("ev",)),
    Resource("namespaces", "Namespace", ("ns",), namespaced=False),
    Resource("nodes", "Node", ("no",), namespaced=False),
    Resource("persistentvolumeclaims", "PersistentVolumeClaim", ("pvc",), held=False),
    Resource("persistentvolumes", "PersistentVolume", ("pv",), namespaced=False),
    Resource("pods", "Pod", ("po",)),
    Resource("secrets", "Secret", held=False),
    Resource("serviceaccounts", "ServiceAccount", ("sa",), held=False),
    Resource("services", "Service", ("svc",)),
    Resource("daemonsets", "DaemonSet", ("ds",), "apps", held=False),
    Resource("deployments", "Deployment", ("deploy",), "apps", scalable=True),
    Resource("replicasets", "ReplicaSet", ("rs",), "apps", scalable=True),
    Resource("statefulsets", "StatefulSet", ("sts",), "apps", held=False, scalable=True),
    Resource("horizontalpodautoscalers", "HorizontalPodAutoscaler", ("hpa",), "autoscaling", "v2", held=False),
    Resource("cronjobs", "CronJob", ("cj",), "batch", held=False),
    Resource("jobs", "Job", (), "batch", held=False),
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
"""What `all` stands for, in kubectl's order."""


@dataclass(frozen=True)
class Target:
    """What the line asks for: one object, or with an empty name every object of the kind."""

    resource: Resource
    name: str = ""


def lookup(word: str) -> Resource:
    """The kind that a word of the line means; raises kubectl's own error for an unknown one."""
    head, _, rest = word.partition(".")
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
    """Read a line's arguments. `every` allows a bare type; without it a name is asked for."""
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


def _kinds(word: str) -> list[Resource]:
    """`pods,svc`; `all` is a category."""
    found: list[Resource] = []
    for part in word.split(","):
        found += [BY_PLURAL[plural] for plural in ALL] if part == "all" else [lookup(part)]
    return found

"""Kubernetes objects of the user's files as frozen dataclasses, each with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from harness.machine.objects import Json, Obj, items, section, strings, text
from harness.schema.tree import Tree

KINDS: Mapping[str, tuple[str, str]] = {
    "ConfigMap": ("v1", "configmaps"),
    "CronJob": ("batch/v1", "cronjobs"),
    "DaemonSet": ("apps/v1", "daemonsets"),
    "Deployment": ("apps/v1", "deployments"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers"),
    "Job": ("batch/v1", "jobs"),
    "LimitRange": ("v1", "limitranges"),
    "NetworkPolicy": ("networking.k8s.io/v1", "networkpolicies"),
    "PersistentVolumeClaim": ("v1", "persistentvolumeclaims"),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets"),
    "ResourceQuota": ("v1", "resourcequotas"),
    "Role": ("rbac.authorization.k8s.io/v1", "roles"),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings"),
    "Secret": ("v1", "secrets"),
    "Service": ("v1", "services"),
    "ServiceAccount": ("v1", "serviceaccounts"),
    "StatefulSet": ("apps/v1", "statefulsets"),
}
"""The kinds that a side can have of its own: the version of the API, and the resource."""
ACCESS_KINDS = ("Role", "RoleBinding")
"""Kinds that only an account with the same rights may create: the cluster's administrator does."""
Step = str | int
"""A step of a path: a key, or the index of an item."""


@dataclass(frozen=True)
class Declared:
    """One object: as it is applied, and the text of the files it comes from."""

    body: Obj
    source: Tree
    """Its document in the files; of a kustomization, before that changed it."""

    @property
    def kind(self) -> str:
        """`Deployment`."""
        return text(self.body, "kind")

    @property
    def name(self) -> str:
        """`metadata.name`."""
        return text(self.body, "metadata", "name")

    @property
    def about(self) -> str:
        """`Deployment web`."""
        return f"{self.kind} {self.name}"

    def place(self, *path: Step) -> str:
        """File, line and column of the value at `path`, or of the nearest one around it that the files have."""
        tree: Tree = self.source
        value: Json = self.body
        for step in path:
            below = _tree_below(tree, value, step)
            value = _value_below(value, step)
            if below is None:
                break
            tree = below
        return tree.place


def _value_below(value: Json, step: Step) -> Json:
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else None
    return value.get(step) if isinstance(value, dict) else None


def _tree_below(tree: Tree, value: Json, step: Step) -> Tree | None:
    """An item of a list is found by its name, as a kustomization may have changed the order."""
    if isinstance(step, str):
        return tree.entries.get(step)
    name = text(_value_below(value, step), "name")
    named = (item for item in tree.items if name and item.text("name") == name)
    return next(named, tree.items[step] if step < len(tree.items) else None)


@dataclass(frozen=True)
class Asked:
    """Where each pod of a Deployment answers, as `[https:]PORT/PATH`; "": nowhere."""

    health: str
    """Its readiness probe, if that is an HTTP request."""
    metrics: str
    """Its Prometheus text."""
    ready: bool
    """Whether it has a readiness probe, of any kind."""


@dataclass(frozen=True)
class Manifests:
    """The objects of `manifests` in a bindings file."""

    place: str
    """File, line and column of the key."""
    namespace: str
    """The namespace of the treatment; that of the control has a suffix."""
    objects: tuple[Declared, ...]
    own_namespace: str = ""
    """The namespace that the files name, which is replaced; "" when they name none."""
    programs: frozenset[str] = frozenset()
    """What `kubectl exec` in the pods may run, in addition to what every pod may."""
    metrics: Mapping[str, str] = field(default_factory=dict)
    """The path of the Prometheus text by Deployment, in addition to the annotations of its pods."""
    metrics_places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def of_kind(self, kind: str) -> Mapping[str, Declared]:
        """The objects of a kind by name."""
        return {each.name: each for each in self.objects if each.kind == kind}

    @cached_property
    def deployments(self) -> Mapping[str, Declared]:
        """The Deployments by name."""
        return self.of_kind("Deployment")

    @cached_property
    def entrances(self) -> Mapping[str, Declared]:
        """The Services by name that have an address, and lead to pods by a selector."""
        return {name: each for name, each in self.of_kind("Service").items() if _is_entrance(each.body)}

    @property
    def images(self) -> tuple[str, ...]:
        """The images of all containers, each once."""
        pods = (pod_of(each.body) for each in self.objects)
        found = (text(one, "image") for pod in pods for _, one in containers(pod))
        return tuple(dict.fromkeys(filter(None, found)))

    def asked(self, deployment: str) -> Asked:
        """Where the pods of a Deployment answer for health and metrics."""
        template = section(self.deployments[deployment].body, "spec", "template")
        container = next(iter(items(template, "spec", "containers")), {})
        probe = section(container, "readinessProbe")
        return Asked(_health(probe, container), self._metrics(deployment, template, container), bool(probe))

    def _metrics(self, deployment: str, template: Obj, container: Obj) -> str:
        first = _first_port(container)
        if declared := self.metrics.get(deployment):
            port, path = declared[1:].split("/", 1) if declared[0] == ":" else (first, declared[1:])
            return f"{port}/{path}" if port else ""
        notes = strings(section(template, "metadata", "annotations"))
        if notes.get("prometheus.io/scrape") != "true":
            return ""
        port = notes.get("prometheus.io/port") or first
        scheme = "https:" if notes.get("prometheus.io/scheme") == "https" else ""
        return f"{scheme}{port}/{notes.get('prometheus.io/path', '/metrics').lstrip('/')}" if port else ""


def _is_entrance(service: Obj) -> bool:
    spec = section(service, "spec")
    tcp = any(text(each, "protocol", default="TCP") == "TCP" for each in items(spec, "ports"))
    return bool(section(spec, "selector")) and text(spec, "clusterIP") != "None" and tcp


def _health(probe: Obj, container: Obj) -> str:
    http = section(probe, "httpGet")
    port = _port_number(http.get("port"), container)
    if not http or not port or http.get("host"):
        return ""
    scheme = "https:" if text(http, "scheme") == "HTTPS" else ""
    return f"{scheme}{port}/{text(http, 'path').lstrip('/')}"


def _first_port(container: Obj) -> str:
    return _port_number(next(iter(items(container, "ports")), {}).get("containerPort"), container)


def _port_number(port: Json, container: Obj) -> str:
    """The number of a port that is given by its number or name; "" for a name that the container does not have."""
    if isinstance(port, int):
        return str(port)
    named = (one.get("containerPort") for one in items(container, "ports") if port and one.get("name") == port)
    return next((str(number) for number in named if isinstance(number, int)), "")


def selects(service: Obj, template: Obj) -> bool:
    """Whether a Service leads to the pods of a template."""
    wanted = strings(section(service, "spec", "selector")).items()
    return bool(wanted) and wanted <= strings(section(template, "metadata", "labels")).items()


def pod_path(kind: str) -> tuple[str, ...]:
    """The path of the pod's spec in an object of a kind; empty for a kind without pods."""
    if kind == "CronJob":
        return ("spec", "jobTemplate", "spec", "template", "spec")
    return ("spec", "template", "spec") if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job") else ()


def pod_of(body: Obj) -> Obj:
    """The spec of the pods of an object; empty for one without pods."""
    path = pod_path(text(body, "kind"))
    return section(body, *path) if path else {}


def containers(pod: Obj) -> Iterator[tuple[tuple[Step, ...], Obj]]:
    """Each container of a pod, init containers first, with its path in the pod's spec."""
    for key in ("initContainers", "containers"):
        yield from (((key, number), one) for number, one in enumerate(items(pod, key)))

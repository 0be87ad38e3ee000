"""Reads the command line of kubectl and oc: verb, kind, names, options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from harness.lint.document import Document
from harness.lint.shell import Command

PROGRAMS = ("kubectl", "oc", "k", "kubecolor")
_VALUES = frozenset(
    [
        "-n",
        "--namespace",
        "-l",
        "--selector",
        "-o",
        "--output",
        "-c",
        "--container",
        "--tail",
        "--since",
        "--context",
        "--kubeconfig",
        "--cluster",
        "--user",
        "--token",
        "-s",
        "--server",
        "--as",
        "--as-group",
        "--request-timeout",
        "--timeout",
        "--field-selector",
        "--sort-by",
        "--replicas",
        "-p",
        "--patch",
        "--type",
        "-f",
        "--filename",
        "-k",
        "--kustomize",
        "--from-literal",
        "--from-file",
        "--image",
        "--grace-period",
        "--cascade",
        "--since-time",
        "--limit-bytes",
        "--max-log-requests",
        "--to-revision",
        "--pod-running-timeout",
        "--for",
        "--dry-run-server",
        "--min",
        "--max",
        "--cpu-percent",
        "--overrides",
        "--restart",
        "--port",
        "--current-replicas",
        "--resource-version",
        "--template",
        "-L",
        "--label-columns",
        "--target",
        "--profile",
        "--chunk-size",
        "--pod-selector",
        "--env",
        "-e",
        "--limits",
        "--requests",
        "--image-pull-policy",
        "--serviceaccount",
        "--subresource",
        "--node-name",
        "--dest-dir",
    ]
)
_ALIASES = {
    "po": "pod", "pods": "pod", "deploy": "deployment", "deployments": "deployment", "deployment.apps": "deployment",
    "ds": "daemonset", "daemonsets": "daemonset", "sts": "statefulset", "statefulsets": "statefulset",
    "svc": "service", "services": "service", "ns": "namespace", "namespaces": "namespace", "no": "node",
    "nodes": "node", "cm": "configmap", "configmaps": "configmap", "secrets": "secret",
    "pvc": "persistentvolumeclaim", "pv": "persistentvolume", "persistentvolumeclaims": "persistentvolumeclaim",
    "persistentvolumes": "persistentvolume", "ing": "ingress", "ingresses": "ingress",
    "hpa": "horizontalpodautoscaler", "horizontalpodautoscalers": "horizontalpodautoscaler",
    "crds": "customresourcedefinition", "crd": "customresourcedefinition", "ev": "event", "events": "event",
    "rs": "replicaset", "customresourcedefinitions": "customresourcedefinition", "replicasets": "replicaset",
    "jobs": "job", "cronjobs": "cronjob", "sa": "serviceaccount", "ep": "endpoints", "endpoint": "endpoints",
    "pdb": "poddisruptionbudget", "sc": "storageclass", "cronjob.batch": "cronjob", "job.batch": "job",
    "cj": "cronjob", "netpol": "networkpolicy", "csr": "certificatesigningrequest", "projects": "project",
    "storageclasses": "storageclass", "clusterroles": "clusterrole", "pod.v1": "pod", "volumes": "persistentvolume",
    "clusterrolebindings": "clusterrolebinding", "machines": "machine", "mcp": "machineconfigpool",
    "co": "clusteroperator", "clusteroperators": "clusteroperator",
}  # fmt: skip
CLUSTER_WIDE = frozenset(
    [
        "node",
        "namespace",
        "persistentvolume",
        "clusterrole",
        "clusterrolebinding",
        "customresourcedefinition",
        "storageclass",
        "apiservice",
        "project",
        "certificatesigningrequest",
        "priorityclass",
        "ingressclass",
        "runtimeclass",
        "validatingwebhookconfiguration",
        "csinode",
        "csidriver",
        "mutatingwebhookconfiguration",
        "volumeattachment",
        "componentstatus",
        "machineconfigpool",
        "machineconfig",
        "clusteroperator",
        "clusterversion",
        "clusterissuer",
        "infrastructure",
        "scc",
        "kubeletconfig",
        "componentstatuses",
        "cs",
        "apiservices",
        "clusterpolicy",
        "volumeattachments",
        "volumesnapshotclass",
        "volumesnapshotcontent",
        "validatingwebhookconfigurations",
        "all-cluster",
        "users",
        "user",
        "group",
        "oauth",
        "network.operator",
        "ingresses.config",
        "network",
        "featuregate",
        "image.config",
        "dns.operator",
    ]
)
READING = frozenset(
    [
        "get",
        "describe",
        "logs",
        "log",
        "top",
        "explain",
        "version",
        "cluster-info",
        "api-resources",
        "api-versions",
        "auth",
        "diff",
        "events",
        "wait",
        "config",
        "whoami",
        "status",
        "projects",
        "options",
        "completion",
        "kustomize",
        "plugin",
        "help",
        "must-gather",
        "inspect",
        "rsh",
        "exec",
        "cp",
        "port-forward",
        "proxy",
        "attach",
        "debug",
    ]
)
_GROUPS = ("rollout", "set", "config", "auth", "adm", "certificate", "create", "policy", "top")


@dataclass(frozen=True)
class Kubectl:
    """One call of kubectl or oc."""

    command: Command
    verb: str
    sub: str
    """The second word of `rollout restart`, `set env`, `adm drain`; otherwise ""."""
    kind: str
    """The first resource kind in the singular and without its short form; "" where none is named."""
    names: tuple[str, ...]
    """The names of objects, without their kinds."""
    options: Mapping[str, str]
    """By the long form of namespace, selector, output, filename, container; otherwise as written."""

    @property
    def namespaced(self) -> bool:
        """Whether it says where: a namespace, all namespaces, or a variable or alias that may."""
        keys = self.options
        return "-A" in keys or "--all-namespaces" in keys or "--namespace" in keys

    @property
    def is_change(self) -> bool:
        """Whether it changes the cluster."""
        if any(
            self.options.get(key) in ("client", "server", "true", "") for key in ("--dry-run",) if key in self.options
        ):
            return False
        if self.verb == "rollout":
            return self.sub in ("restart", "undo", "pause", "resume")
        if self.verb == "adm":
            return self.sub in ("drain", "cordon", "uncordon", "taint", "upgrade", "prune")
        return bool(self.verb) and self.verb not in READING


_LONG = {
    "-n": "--namespace",
    "-l": "--selector",
    "-o": "--output",
    "-f": "--filename",
    "-c": "--container",
    "-p": "--patch",
}


@lru_cache(maxsize=4096)
def read(command: Command) -> Kubectl | None:
    """The call; None for another program."""
    if command.program not in PROGRAMS:
        return None
    positional: list[str] = []
    options: dict[str, str] = {}
    rest = iter(command.argv[1:])
    for word in rest:
        if word == "--":
            break
        if word[:1] != "-" or word == "-":
            positional.append(word)
            continue
        _option(word, rest, options, positional)
    if not positional:
        return Kubectl(command, "", "", "", (), options)
    verb = positional.pop(0)
    sub = (
        positional.pop(0) if verb in _GROUPS and positional and not (verb == "create" and "/" in positional[0]) else ""
    )
    kind, names = _objects(verb, sub, positional)
    return Kubectl(command, verb, sub, kind, names, options)


def _option(word: str, rest: Iterator[str], options: dict[str, str], positional: list[str]) -> None:
    name, equals, value = word.partition("=")
    follows = bool(positional) and positional[0] in ("logs", "log", "port-forward", "cp")
    if not equals and len(name) > 2 and name[:2] in ("-n", "-l", "-o", "-c") and name[2:].isalnum():
        name, value = name[:2], name[2:]
    if name == "-f" and follows:
        options["--follow"] = ""
        return
    if name == "-p" and follows:
        options["--previous"] = ""
        return
    if not equals and not value and name in _VALUES:
        value = next(rest, "")
    options[_LONG.get(name, name)] = value


_WITHOUT_KIND = (
    "logs",
    "log",
    "exec",
    "rsh",
    "attach",
    "cp",
    "port-forward",
    "debug",
    "drain",
    "cordon",
    "uncordon",
    "run",
)


def _objects(verb: str, sub: str, words: list[str]) -> tuple[str, tuple[str, ...]]:
    if not words:
        return ("node" if "drain" in (verb, sub) or "cordon" in (verb, sub) else ""), ()
    first = words[0]
    if "/" in first and not first.startswith(("/", ".", "http")):
        kind = first.split("/", 1)[0].lower()
        return _ALIASES.get(kind, kind), tuple(word.split("/", 1)[-1] for word in words if "/" in word)
    if verb in _WITHOUT_KIND or sub in ("drain", "cordon", "uncordon", "taint"):
        node = verb in ("drain", "cordon", "uncordon") or sub in ("drain", "cordon", "uncordon")
        return ("node" if node else "pod"), tuple(words[:1])
    kind = first.split(",")[0].lower()
    return _ALIASES.get(kind, kind), tuple(words[1:])


def calls(document: Document) -> Iterator[Kubectl]:
    """The calls of kubectl and oc in a document."""
    for command in document.commands:
        if (found := read(command)) is not None:
            yield found


_HASH = re.compile(r"-(?:[a-f0-9]{8,10}|[bcdfghjklmnpqrstvwxz2456789]{8,10})-[bcdfghjklmnpqrstvwxz2456789]{5}$")


def has_hash(name: str) -> bool:
    """Whether a name ends with the hashes that a ReplicaSet gives its pods."""
    return bool(_HASH.search(name)) and any(sign.isdigit() for sign in name.rsplit("-", 2)[-2] + name[-5:])

"""Proposes services from Kubernetes manifests: Deployments, their Services, probes, ports and ConfigMaps."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from harness.proposal.services import Described, Service, Unused, command_of, unused_keys
from harness.schema.tree import Tree

_CONTAINER = ("name", "image", "imagePullPolicy", "command", "args", "ports", "env", "envFrom", "readinessProbe",
              "livenessProbe", "startupProbe", "workingDir")  # fmt: skip
_USED_KINDS = ("Deployment", "Service", "ConfigMap")
_WORKLOADS = ("StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicaSet", "Pod")


def is_manifest(tree: Tree) -> bool:
    """Whether a YAML document is a Kubernetes object."""
    return tree.text("kind") is not None and "apiVersion" in tree.fields


def read_manifests(trees: Sequence[Tree]) -> Described:
    """The services of all objects together; a List stands for its items."""
    objects = [each for tree in trees for each in _unwrapped(tree)]
    unused: list[Unused] = []
    files = _Objects(
        {name: each for each in objects if each.text("kind") == "ConfigMap" and (name := _name(each))},
        [each for each in objects if each.text("kind") == "Service"],
    )
    found = tuple(_service(each, files, unused) for each in objects if each.text("kind") == "Deployment")
    unused += (each for item in objects for each in _not_proposed(item, objects))
    return Described(found, tuple(unused))


@dataclass(frozen=True)
class _Objects:
    config_maps: Mapping[str, Tree]
    services: Sequence[Tree]


def _unwrapped(tree: Tree) -> Iterator[Tree]:
    items = tree.at("items")
    if tree.text("kind") == "List" and items:
        yield from (each for item in items.items for each in _unwrapped(item))
    else:
        yield tree


def _not_proposed(tree: Tree, objects: Sequence[Tree]) -> Iterator[Unused]:
    kind, name = tree.text("kind") or "", _name(tree)
    if kind == "HorizontalPodAutoscaler":
        target = tree.text("spec", "scaleTargetRef", "name") or name
        fact = f"the replicas of {target} do not change by themselves; a runbook scales them"
        yield Unused(tree.place, f"HorizontalPodAutoscaler {name}: {fact}")
    elif kind in _WORKLOADS:
        yield Unused(
            tree.place, f"{kind} {name}: a service is a Deployment; write it under `services` if a drill needs it"
        )
    elif kind == "Service":
        yield from _of_service(tree, objects)
    elif kind == "Kustomization":
        fact = "not applied; name the output of `kubectl kustomize`, or deploy it in a cluster: `manifests: FOLDER`"
        yield Unused(tree.place, f"Kustomization: {fact}")
    elif kind not in _USED_KINDS:
        yield Unused(tree.place, f"{kind} {name}")


def _of_service(tree: Tree, objects: Sequence[Tree]) -> Iterator[Unused]:
    name, ports = _name(tree), tree.at("spec", "ports")
    if not any(_selects(tree, each) for each in objects if each.text("kind") == "Deployment"):
        yield Unused(tree.place, f"Service {name}: it selects no Deployment of these files")
    for port in ports.items[1:] if ports else ():
        written = port.at("port")
        yield Unused(
            port.place, f"Service {name}: port {written.written if written else ''}: a service has one TCP port"
        )


def _service(tree: Tree, files: _Objects, unused: list[Unused]) -> Service:
    name = _name(tree)
    containers = tree.at("spec", "template", "spec", "containers")
    first, *others = (containers.items if containers else ()) or (Tree({}, tree.place),)
    about = f"Deployment {name}"
    unused += (Unused(each.place, f"{about}: container {each.text('name')}: a pod is one process") for each in others)
    unused += _left_out(tree, first, about)
    port = _port(name, tree, first, files.services)
    replicas = tree.number("spec", "replicas")
    return Service(
        name,
        tree.place,
        command=_command(first),
        image=_image(first),
        port=port,
        replicas=None if replicas is None else int(replicas),
        env=dict(_environment(first, files, about, unused)),
        health=_health(first),
        metrics=_metrics(tree),
        also=tuple(other for each in files.services if _selects(each, tree) and (other := _name(each)) != name),
    )


def _left_out(tree: Tree, container: Tree, about: str) -> Iterator[Unused]:
    """What of the Deployment, its pod and its container has no counterpart."""
    spec, pod = tree.at("spec"), tree.at("spec", "template", "spec")
    yield from unused_keys(spec, ("replicas", "selector", "template"), about) if spec else ()
    yield from unused_keys(pod, ("containers",), f"{about}.pod") if pod else ()
    yield from unused_keys(container, _CONTAINER, f"{about}.container")
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        found = container.at(probe)
        others = ", ".join(key for key in found.fields if key != "httpGet") if found else ""
        if found and others:
            yield Unused(found.place, f"{about}.container.{probe}: {others}: only a path is used")


def _command(container: Tree) -> str | None:
    """Command and arguments; arguments alone belong to the entry point of the image."""
    command, args = command_of(container.at("command")), container.at("args")
    if command is None:
        return None
    return f"{command} {shlex.join(item.written for item in args.items)}" if args and args.items else command


def _image(container: Tree) -> str:
    image, args = container.text("image") or "", container.at("args")
    return f"{image} (arguments: {shlex.join(item.written for item in args.items)})" if args and args.items else image


def _port(name: str, tree: Tree, container: Tree, services: Sequence[Tree]) -> int | None:
    """The container's port to which the Service leads, else its first one."""
    listed = container.at("ports")
    ports = {item.text("name") or "": item.number("containerPort") for item in (listed.items if listed else ())}
    for service in services:
        every = service.at("spec", "ports")
        if _selects(service, tree) and every and every.items:
            target = every.items[0].at("targetPort") or every.items[0].at("port")
            number = target.number() if target else None
            found = number or ports.get(target.written if target else "")
            return int(found) if found else None
    first = next((port for port in ports.values() if port), None)
    return int(first) if first else None


def _environment(container: Tree, files: _Objects, about: str, unused: list[Unused]) -> Iterator[tuple[str, str]]:
    """The variables with a plain value, and those of ConfigMaps in these files; a Secret is never copied."""
    sources, listed = container.at("envFrom"), container.at("env")
    for source in sources.items if sources else ():
        data = files.config_maps.get(source.text("configMapRef", "name") or "")
        values = data.at("data") if data else None
        if values is None:
            unused.append(Unused(source.place, f"{about}: envFrom: not a ConfigMap of these files"))
        yield from ((key, item.written) for key, item in (values.fields if values else {}).items())
    for item in listed.items if listed else ():
        name, value = item.text("name") or "", item.at("value") or _from_config_map(item, files)
        if value is not None:
            yield name, value.written
        elif "valueFrom" in item.fields:
            unused.append(Unused(item.place, f"{about}: env {name}: from a Secret, a field or a ConfigMap elsewhere"))


def _from_config_map(item: Tree, files: _Objects) -> Tree | None:
    reference = item.at("valueFrom", "configMapKeyRef")
    data = files.config_maps.get(reference.text("name") or "") if reference else None
    return data.at("data", (reference.text("key") or "") if reference else "") if data else None


def _health(container: Tree) -> str | None:
    for probe in ("readinessProbe", "livenessProbe"):
        path = container.text(probe, "httpGet", "path")
        if path:
            return path
    return None


def _metrics(tree: Tree) -> str | None:
    """The path of the annotations that Prometheus' usual configuration scrapes by."""
    notes = tree.at("spec", "template", "metadata", "annotations")
    if notes is None or "prometheus.io/scrape" not in notes.fields:
        return None
    wanted = notes.fields["prometheus.io/scrape"].written == "true"
    path = notes.fields.get("prometheus.io/path")
    return (path.written if path else "/metrics") if wanted else None


def _selects(service: Tree, deployment: Tree) -> bool:
    wanted = service.at("spec", "selector")
    labels = deployment.at("spec", "template", "metadata", "labels")
    if wanted is None or labels is None:
        return False
    present = {key: item.written for key, item in labels.fields.items()}
    return all(present.get(key) == item.written for key, item in wanted.fields.items())


def _name(tree: Tree) -> str:
    return tree.text("metadata", "name") or ""

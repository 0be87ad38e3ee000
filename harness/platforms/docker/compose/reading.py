"""Reads the containers of a resolved compose project; every value that cannot be had is reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.bindings import ComposeProject, ComposeService
from harness.bindings.service_schema import MOST_PODS
from harness.cluster.runtimes.container.options import ContainerOptions, Mount
from harness.errors import BindingError
from harness.platforms.docker.compose.model import Container, HealthCheck, argv_of
from harness.schema.tree import Tree

NOTHING = Tree({}, "")
_UNITS_S = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
Report = Callable[[str, str], None]
"""Receives a problem: the key of the service, and the fact with what to do about it."""


def read(project: ComposeProject, resolved: Tree) -> tuple[Container, ...]:
    """The containers of a project. Raises BindingError with every problem, each with file and line."""
    problems: list[str] = []
    name = resolved.text("name") or project.file.parent.name

    def reader(service: ComposeService) -> _Reader:
        tree = resolved.at("services", service.name) or NOTHING
        return _Reader(service, tree, lambda key, fact: problems.append(f"{service.at(key)}: {fact}"))

    found = tuple(reader(service).container(name) for service in project.services.values())
    if (pods := sum(each.replicas for each in found)) > MOST_PODS:
        problems.append(f"{project.place}: compose: {pods} pods in all; a platform has addresses for {MOST_PODS}")
    if problems:
        raise BindingError("\n".join(problems))
    return found


@dataclass(frozen=True)
class _Reader:
    service: ComposeService
    tree: Tree
    report: Report

    def container(self, project: str) -> Container:
        tree, check = self.tree, self.tree.at("healthcheck")
        return Container(
            self.service,
            image=tree.text("image") or f"{project}-{self.service.name}",
            built=tree.at("build") is not None,
            entrypoint=_words(tree, "entrypoint"),
            command=_words(tree, "command"),
            working_dir=tree.text("working_dir"),
            env={key: item.written for key, item in _below(tree, "environment").fields.items()},
            ports=self._ports(),
            health=_health(check) if check else None,
            no_health=bool(check and _switched_off(check)),
            replicas=_replicas(tree),
            limits=dict(_resources(tree, "limits", "cpus", "mem_limit")),
            requests=dict(_resources(tree, "reservations", "", "mem_reservation")),
            grace_s=duration_s(tree.text("stop_grace_period") or "10s"),
            restart=tree.text("restart") or "no",
            options=self._options(),
        )

    def _ports(self) -> tuple[int, ...]:
        if self.service.port is not None or not self.service.listens:
            return () if self.service.port is None else (self.service.port,)
        found = tuple(dict.fromkeys(_ports(self.tree)))
        if len(found) > 1:
            fix = f"choose one in gameday.yaml: compose.services.{self.service.name}.port"
            self.report("ports", f"the ports {', '.join(found)}; a Service has one here, of TCP: {fix}")
        return tuple(int(each) for each in found if each.isdecimal())

    def _options(self) -> ContainerOptions:
        tree = self.tree
        networks = _below(tree, "networks").fields.values()
        aliases = [each.written for network in networks for each in _below(network, "aliases").items]
        return ContainerOptions(
            aliases=tuple(dict.fromkeys(aliases)),
            hostname=tree.text("hostname"),
            user=tree.text("user"),
            init=_flag(tree, "init") or None,
            read_only=_flag(tree, "read_only"),
            cap_add=_words(tree, "cap_add") or (),
            cap_drop=_words(tree, "cap_drop") or (),
            stop_signal=tree.text("stop_signal"),
            tmpfs=dict(_tmpfs(tree)),
            mounts=tuple(self._mounts()),
        )

    def _mounts(self) -> Iterator[Mount]:
        for each in _below(self.tree, "volumes").items:
            kind, source, target = each.text("type"), each.text("source") or "", each.text("target") or ""
            read_only = _flag(each, "read_only")
            if kind == "bind" and not read_only:
                why = f"both sides of a drill would write to {source}"
                self.report("volumes", f"{target}: {why}; mount it read-only (`:ro`), or use a named volume")
            elif kind == "bind" and not Path(source).exists():
                self.report("volumes", f"{target}: {source} does not exist; create it")
            elif kind not in ("bind", "volume", "tmpfs"):
                self.report("volumes", f"{target}: a mount of type {kind} is not supported here; use a named volume")
            elif kind != "tmpfs":
                yield Mount(target, source, bind=kind == "bind", read_only=read_only)


def _ports(tree: Tree) -> Iterator[str]:
    """The ports in the container: `80`, or `53/udp`."""
    for each in _below(tree, "ports").items:
        protocol = each.text("protocol") or "tcp"
        yield _below(each, "target").written + ("" if protocol == "tcp" else f"/{protocol}")
    for each in _below(tree, "expose").items:
        yield each.written.removesuffix("/tcp")


def _tmpfs(tree: Tree) -> Iterator[tuple[str, str]]:
    """The file systems in memory: the options of `mount` by path."""
    for each in _below(tree, "tmpfs").items:
        path, _, options = each.written.partition(":")
        yield path, options
    for each in _below(tree, "volumes").items:
        if each.text("type") == "tmpfs":
            size = each.at("tmpfs", "size")
            yield each.text("target") or "", f"size={size.written}" if size else ""


def _replicas(tree: Tree) -> int:
    given = tree.at("scale") or tree.at("deploy", "replicas")
    return 1 if given is None else int(given.number() or 0)


def _resources(tree: Tree, kind: str, cpus: str, memory: str) -> Iterator[tuple[str, str]]:
    """Quantities as Kubernetes writes them; compose gives memory in bytes."""
    given = _below(tree, "deploy", "resources", kind)
    if cores := given.at("cpus") or tree.at(cpus):
        yield "cpu", f"{round(float(cores.written) * 1000)}m"
    if size := given.at("memory") or tree.at(memory):
        yield "memory", size.written


def _health(check: Tree) -> HealthCheck | None:
    command = () if _switched_off(check) else argv_of(_words(check, "test") or ())
    if not command:
        return None
    default = HealthCheck(command)
    return HealthCheck(
        command,
        duration_s(check.text("interval") or "") or default.interval_s,
        duration_s(check.text("timeout") or "") or default.timeout_s,
        int(check.number("retries") or default.retries),
    )


def _switched_off(check: Tree) -> bool:
    return _flag(check, "disable") or (_words(check, "test") or ("",))[0] == "NONE"


def duration_s(text: str) -> float:
    """Seconds of a duration as Go writes it: `1m30s`, `1.5s`, `500ms`."""
    return sum(float(number) * _UNITS_S[unit] for number, unit in re.findall(r"([\d.]+)(h|ms|us|µs|ns|m|s)", text))


def _below(tree: Tree, *path: str) -> Tree:
    return tree.at(*path) or NOTHING


def _words(tree: Tree, key: str) -> tuple[str, ...] | None:
    found = tree.at(key)
    return None if found is None else tuple(each.written for each in found.items)


def _flag(tree: Tree, key: str) -> bool:
    found = tree.at(key)
    return bool(found and found.value)

"""Label and field selectors, as the API server parses them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from harness.cluster.kubectl.errors import from_server
from harness.cluster.kubectl.resources import Resource
from harness.machine.objects import Obj, section, strings

Match = Callable[[Obj], bool]
KEY = r"[\w./-]+"
TOKEN = re.compile(rf"\s*(==|!=|=|!|,|\(|\)|{KEY})")
FIELDS = {
    "pods": ("spec.nodeName", "spec.restartPolicy", "status.phase", "status.podIP"),
    "events": (
        "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid", "reason",
        "reportingComponent", "source", "type",
    ),
    "nodes": ("spec.unschedulable",),
    "namespaces": ("status.phase",),
    "replicasets": ("status.replicas",),
    "services": ("spec.clusterIP", "spec.type"),
}  # fmt: skip
"""The selectable fields of each kind, in addition to metadata.name and metadata.namespace."""


@dataclass(frozen=True)
class Requirement:
    """`key` in or not in `values`; without values: the key exists or does not."""

    key: str
    values: frozenset[str] | None
    wanted: bool

    def holds(self, labels: Mapping[str, str]) -> bool:
        if self.values is None:
            return (self.key in labels) == self.wanted
        return (labels.get(self.key) in self.values) == self.wanted


class _Unreadable(Exception):
    pass


def by_label(text: str, resource: Resource) -> Match:
    """Parse a label selector `app=x,tier!=y,z in (a,b),!gone`. Raises Failure with the API server's error."""
    try:
        wanted = _Labels(text).read()
    except _Unreadable as error:
        raise _bad(resource, text, "", str(error)) from error

    def match(obj: Obj) -> bool:
        labels = strings(section(obj, "metadata", "labels"))
        return all(requirement.holds(labels) for requirement in wanted)

    return match


class _Labels:
    def __init__(self, text: str) -> None:
        self._tokens = TOKEN.findall(text)
        if re.sub(r"\s", "", "".join(self._tokens)) != re.sub(r"\s", "", text):
            raise _Unreadable(f"unable to parse requirement: {text!r} is no label selector")

    def read(self) -> list[Requirement]:
        found = []
        while self._tokens:
            found.append(self._requirement())
            if self._tokens and (got := self._next()) != ",":
                raise _Unreadable(f"found '{got}', expected: ',' or 'end of string'")
        return found

    def _next(self) -> str:
        return self._tokens.pop(0) if self._tokens else ""

    def _requirement(self) -> Requirement:
        key = self._next()
        if key == "!":
            return Requirement(self._next(), None, False)
        if not self._tokens or self._tokens[0] == ",":
            return Requirement(key, None, True)
        operator = self._next()
        if operator in ("=", "==", "!="):
            value = "" if not self._tokens or self._tokens[0] == "," else self._next()
            return Requirement(key, frozenset({value}), operator != "!=")
        if operator in ("in", "notin"):
            return Requirement(key, self._set(), operator == "in")
        raise _Unreadable(f"unable to parse requirement: found '{operator}', expected: in, notin, =, ==, !=, gt, lt")

    def _set(self) -> frozenset[str]:
        if (got := self._next()) != "(":
            raise _Unreadable(f"unable to parse requirement: found '{got}' expected: '('")
        values = set()
        while (got := self._next()) != ")":
            if not got:
                raise _Unreadable("unable to parse requirement: found '', expected: ',' or ')'")
            if got != ",":
                values.add(got)
        return frozenset(values)


def by_field(text: str, resource: Resource) -> Match:
    """Parse a field selector `status.phase=Running,metadata.name!=x`. Raises Failure with the API server's error."""
    wanted = []
    for part in filter(None, text.split(",")):
        found = re.fullmatch(r"([^=!]+)(==|=|!=)(.*)", part)
        if found is None:
            raise _bad(resource, "", text, f"invalid selector: '{text}'; can't understand '{part}'")
        field, operator, value = found.groups()
        if field not in ("metadata.name", "metadata.namespace", *FIELDS.get(resource.plural, ())):
            raise _bad(resource, "", text, f"field label not supported: {field}")
        wanted.append((field.split("."), operator != "!=", value))
    return lambda obj: all((_text(obj, path) == value) == equal for path, equal, value in wanted)


def _text(obj: Obj, path: Sequence[str]) -> str:
    value = section(obj, *path[:-1]).get(path[-1])
    if isinstance(value, dict):
        value = value.get("component")
    return "" if value is None else str(value)


def _bad(resource: Resource, labels: str, fields: str, why: str) -> Exception:
    place = f"{resource.group}/{resource.version}, Resource={resource.plural}"
    return from_server(
        "BadRequest", f'Unable to find "{place}" that match label selector "{labels}", field selector "{fields}": {why}'
    )

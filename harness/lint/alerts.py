"""Prometheus alerting rules as the rules of group 8 see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from harness.lint.nearest import nearest
from harness.runbook.promql import label_names, metric_names

if TYPE_CHECKING:
    from harness.schema.tree import Tree

_URLS = ("runbook_url", "runbook", "runbook_link")
_LINE = re.compile(r":(\d+):\d+$")


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alerting rule, and the lines of its name and of its `runbook_url`."""

    name: str
    expression: str
    url: str
    line: int
    url_line: int


@dataclass(frozen=True)
class Alerts:
    """The alerting rules of a project, and the documents that are linted with them."""

    rules: tuple[AlertRule, ...] = ()
    metrics: frozenset[str] = frozenset()
    """The metrics that any rule uses or records."""
    labels: frozenset[str] = frozenset()
    """The labels that any rule selects, groups by or adds."""
    documents: frozenset[str] = frozenset()
    """Names of the documents and of their headings, folded."""
    own: tuple[AlertRule, ...] | None = None
    """The rules of the file that is linted itself; None for a runbook."""

    def nearest(self, name: str) -> str:
        """The most similar alert, as `nearest` names it."""
        return nearest(name, (rule.name for rule in self.rules), 0.8)


def folded(name: str) -> str:
    """A name for comparison: letters and digits only, in small letters."""
    return re.sub(r"[^a-z0-9]", "", PurePosixPath(name).name.removesuffix(".md").lower())


def read_rules(text: str, path: str) -> tuple[tuple[AlertRule, ...], frozenset[str], frozenset[str]]:
    """The alerting rules of a file, and the metrics and labels that its rules use. Raises GamedayError for no YAML."""
    from harness.schema.tree import read  # noqa: PLC0415  YAML is slow to import, and most runs have no rules

    rules: list[AlertRule] = []
    metrics: set[str] = set()
    labels: set[str] = set()
    for tree in read(text, path):
        for name, record, expression, url, places in _rules(tree):
            labels |= set(label_names(expression))
            metrics |= {*metric_names(expression), *([record] if record else [])}
            if name:
                rules.append(AlertRule(name, expression, url, places[0], places[1]))
    return tuple(rules), frozenset(metrics), frozenset(labels)


def _rules(tree: Tree) -> Iterator[tuple[str, str, str, str, tuple[int, int]]]:
    groups = tree.at("groups") or tree.at("spec", "groups")
    for group in groups.items if groups else ():
        rules = group.at("rules")
        for rule in rules.items if rules else ():
            expression = rule.at("expr")
            found = next((item for key in _URLS if (item := rule.at("annotations", key))), None)
            alert = rule.at("alert")
            line = _line(alert.place if alert else rule.place)
            places = (line, _line(found.place) if found else line)
            yield (
                rule.text("alert") or "", rule.text("record") or "", expression.written if expression else "",
                found.written if found else "", places,
            )  # fmt: skip


def _line(place: str) -> int:
    found = _LINE.search(place)
    return int(found[1]) if found else 1

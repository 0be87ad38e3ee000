"""Proposes symptoms from Prometheus alerting rules: each alert with a runbook, by its `runbook_url` or its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from harness.proposal.choices import Choices
from harness.proposal.draft import TODO, Key, Row
from harness.proposal.expression import express
from harness.proposal.promql import one_line
from harness.proposal.services import Unused
from harness.schema.tree import Tree

_USED = ("alert", "expr", "annotations", "labels")
_URLS = ("runbook_url", "runbook", "runbook_link")


@dataclass(frozen=True)
class Alert:
    """One alerting rule."""

    name: str
    expression: str
    url: str
    """Of its runbook; "" without one."""
    place: str
    unused: tuple[Unused, ...] = ()
    """Its keys without a counterpart."""


@dataclass(frozen=True)
class Rules:
    """The alerting rules of files, and what has no counterpart."""

    alerts: tuple[Alert, ...] = ()
    unused: tuple[Unused, ...] = ()


def is_rules(tree: Tree) -> bool:
    """Whether a YAML document is a file of Prometheus rules, or a PrometheusRule of its operator."""
    groups = tree.at("groups") or tree.at("spec", "groups")
    return bool(groups and groups.items) and tree.text("kind") in (None, "PrometheusRule")


def read_rules(tree: Tree) -> Rules:
    """The alerting rules of a document."""
    groups = tree.at("groups") or tree.at("spec", "groups")
    alerts, unused = [], list[Unused]()
    for group in groups.items if groups else ():
        rules = group.at("rules")
        for rule in rules.items if rules else ():
            name, expression = rule.text("alert"), rule.at("expr")
            if name is None or expression is None:
                unused.append(Unused(rule.place, f"rule {rule.text('record') or ''}: not an alert".replace("  ", " ")))
                continue
            about = tuple(_without_counterpart(rule, name))
            alerts.append(Alert(name, one_line(expression.written), _url(rule), rule.place, about))
    return Rules(tuple(alerts), tuple(unused))


def _url(rule: Tree) -> str:
    return next((url for key in _URLS if (url := rule.text("annotations", key))), "")


def _without_counterpart(rule: Tree, name: str) -> Iterator[Unused]:
    for key, item in rule.fields.items():
        if key in ("for", "keep_firing_for"):
            yield Unused(item.place, f"alert {name}: {key}: its symptom counts as soon as the expression holds")
        elif key not in _USED:
            yield Unused(item.place, f"alert {name}: {key}")


def symptoms_of(alerts: Sequence[Alert], existing: Tree, choices: Choices) -> tuple[tuple[Key, ...], list[Unused]]:
    """The entries of `runbooks:` with a symptom for each alert of theirs, and what has no counterpart."""
    entries = existing.at("runbooks")
    rows: dict[str, list[Row]] = {}
    unused = list[Unused]()
    for alert in alerts:
        runbook = _runbook_of(alert, entries.entries if entries else {})
        if runbook is None:
            fact = "no runbook of gameday.yaml has this id or is named by its runbook_url; `gameday init RUNBOOK` first"
            unused.append(Unused(alert.place, f"alert {alert.name}: {fact}"))
            continue
        unused += alert.unused
        if entries and alert.name not in _present(entries.entries[runbook]):
            rows.setdefault(runbook, []).extend(_rows(alert, entries.entries[runbook], choices))
    return tuple(Key(name, (Key("symptoms", found),)) for name, found in rows.items()), unused


def _present(entry: Tree) -> list[str]:
    """The alerts that an entry has already."""
    symptoms = entry.at("symptoms")
    return [row.fields["alert"].written for row in (symptoms.items if symptoms else ()) if "alert" in row.fields]


def _rows(alert: Alert, entry: Tree, choices: Choices) -> Iterator[Row]:
    """A row for each condition that the alert needs, or one without a condition."""
    service = entry.at("service")
    found = express(alert.expression, choices.services, service.written if service else choices.only_service)
    name = Key("alert", alert.name)
    if not found.conditions:
        yield Row((name, Key("is", None)), f"{TODO} alert: {found.why}; {alert.expression}")
    for number, condition in enumerate(found.conditions):
        yield Row((name, Key("is", condition)), "" if number else alert.expression)


def _runbook_of(alert: Alert, entries: Mapping[str, Tree]) -> str | None:
    """The runbook with the alert's name as its id, or with the end of its URL as id or document; exact names first."""
    wanted = (alert.name, *_ends(alert.url))
    for spelling in (str, _bare):
        for name in wanted:
            for runbook, entry in entries.items():
                document = entry.at("document")
                known = (runbook, *([PurePosixPath(document.written).stem] if document else []))
                if spelling(name) in map(spelling, known):
                    return runbook
    return None


def _ends(url: str) -> Iterator[str]:
    """What a URL can mean as the name of a runbook: its fragment, else the last part of its path."""
    parts = urlsplit(url)
    last = re.sub(r"\.(md|html?|markdown)$", "", PurePosixPath(unquote(parts.path).rstrip("/")).name)
    if parts.fragment or last:
        yield unquote(parts.fragment) or last


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()

"""The shape of a bindings file. `check` reports every problem that needs nothing but the file's own text."""

from __future__ import annotations

import json
import re

from harness.bindings.model import StepOrder
from harness.bindings.service_schema import check_services
from harness.conditions import parse
from harness.errors import ConditionError
from harness.schema.shape import (
    Report,
    anything,
    choice,
    dictionary,
    mapping,
    nullable,
    number,
    scalar,
    sequence,
    unchanged,
)
from harness.schema.tree import Tree

FAULT_KEYS = ("at", "fault", "max_duration_s")
"""The keys of a fault that are not its parameters."""
SEND = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|websocket) (/[!-~]*)")
"""`send` of a probe: method and path."""
CONTAINS_KEYS = ("contains", "words")
"""`contains` and its former name, which old files still use."""
_above_0 = unchanged(number(lambda value: value > 0, "a number above 0"))
_texts = dictionary(scalar)


def _version(tree: Tree, path: str, report: Report) -> None:
    if tree.number() != 1:
        report(tree, path, f"version `{tree.written}` is not supported; write `version: 1`")


def _fault(tree: Tree, path: str, report: Report) -> None:
    parameters = {key: unchanged(anything) for key in tree.entries if key not in FAULT_KEYS}
    mapping({"at": scalar, "fault": scalar}, {**parameters, "max_duration_s": _above_0})(tree, path, report)


def _condition(tree: Tree, path: str, report: Report) -> None:
    try:
        parse(tree.written)
    except ConditionError as error:
        report(tree, path, str(error))


def _line(tree: Tree, path: str, report: Report) -> None:
    if isinstance(tree.value, bool) or not isinstance(tree.value, int):
        report(tree, path, f"expected a line number, got `{tree.written}`")


def _one_symptom(tree: Tree, path: str, report: Report) -> None:
    if len(tree.fields.keys() & {"line", *CONTAINS_KEYS}) != 1:
        report(tree, path, "give either `line` (a number) or `contains` (a text) to identify the symptom")


def _send(tree: Tree, path: str, report: Report) -> None:
    if not SEND.fullmatch(tree.written):
        fact = f"`{tree.written}` is no request; write METHOD /PATH, such as `GET /v1/models` or `websocket /ws`"
        report(tree, path, fact)


def _json(tree: Tree, path: str, report: Report) -> None:
    try:
        json.loads(tree.written)
    except ValueError as error:
        report(tree, path, f"not JSON: {error}; write it as one quoted text: '{{\"key\": 1}}'")


_probe = mapping({"service": scalar, "send": _send}, {"body": _json, "headers": _texts})
_symptom = mapping({"is": _condition}, {"line": _line, **dict.fromkeys(CONTAINS_KEYS, scalar)}, _one_symptom)
_order = choice(*StepOrder)
_runbook = mapping(
    {"scenario": scalar, "service": scalar, "series": scalar, "fault": scalar, "slos": sequence(scalar, 1)},
    {"symptoms": sequence(_symptom), "placeholders": _texts, "rate": _above_0, "order": _order},
)
check = mapping(
    {"version": _version},
    {
        "namespace": scalar,
        "placeholders": _texts,
        "toggles": _texts,
        "slos": dictionary(anything),
        "slo_files": sequence(scalar),
        "probes": dictionary(_probe),
        "services": check_services,
        "faults": dictionary(nullable(sequence(_fault))),
        "runbooks": dictionary(_runbook),
    },
)
"""Reports every deviation of a whole bindings file from its shape."""

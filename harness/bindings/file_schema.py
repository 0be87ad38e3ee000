"""The shape of a bindings file. `check` reports every problem that needs nothing but the file's own text."""

from __future__ import annotations

from harness.bindings.model import StepOrder
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
        "faults": dictionary(nullable(sequence(_fault))),
        "runbooks": dictionary(_runbook),
    },
)
"""Reports every deviation of a whole bindings file from its shape."""

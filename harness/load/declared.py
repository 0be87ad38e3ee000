"""Reads what a scenario declares from its file, without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

_BASES = {"Scenario", "HttpScenario", "WebSocketScenario"}
_DEFAULTS = {"faults": ("surge",)}


def parsed(file: Path) -> ast.Module:
    """The syntax tree; an empty one for a file that is not valid: what runs it says where."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError, OSError):
        return ast.Module([], [])


def declared(scenario: ast.Module, name: str) -> tuple[str, ...] | None:
    """The texts that a scenario's class assigns to `name` (`series`, `faults`), or its default; None if not certain."""
    classes = [each for each in ast.walk(scenario) if isinstance(each, ast.ClassDef)]
    if len(classes) != 1 or not {ast.unparse(base) for base in classes[0].bases} <= _BASES:
        return None
    values = list(_assigned(classes[0], name))
    return values[-1] if values else _DEFAULTS.get(name)


def _assigned(scenario: ast.ClassDef, name: str) -> Iterator[tuple[str, ...] | None]:
    for statement in scenario.body:
        if isinstance(statement, ast.Assign) and any(getattr(at, "id", "") == name for at in statement.targets):
            yield _texts(statement.value)


def _texts(value: ast.expr) -> tuple[str, ...] | None:
    try:
        found = ast.literal_eval(value)
    except ValueError:
        return None
    return found if isinstance(found, tuple) and all(isinstance(each, str) for each in found) else None

"""Finds the commands beside a toggle that set it and take it back: parts of the toggle, no steps of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from harness.model import Command, Part, Toggle

_P = TypeVar("_P", bound=Part)
_SETS = re.compile(r"kubectl\s+set\s+env\s[^|;&<>`$()]*")
_ASSIGNMENT = re.compile(r"(?<!\S)([A-Za-z_]\w*)=(\S*)")


def own_commands(toggle: Toggle, found: Sequence[_P]) -> tuple[Toggle, list[_P]]:
    """The toggle with its commands, and the other parts of its item.

    A `kubectl set env` of this variable alone belongs to it: with the new value it sets the toggle, and behind that
    one, with another value, it takes the toggle back. One that the text leaves to a person does not set it.
    """
    left: list[_P] = []
    for part in found:
        value = _value_of(toggle.name, part)
        if value == toggle.new and not toggle.command:
            toggle = replace(toggle, command=part.text)
        elif value not in (None, toggle.new) and toggle.command and not toggle.rollback:
            toggle = replace(toggle, rollback=part.text)
        else:
            left.append(part)
    return toggle, left


def _value_of(name: str, part: Part) -> str | None:
    """The value to which a plain `kubectl set env` sets the variable; None for any other command."""
    if not isinstance(part, Command) or part.manual or not _SETS.fullmatch(part.text):
        return None
    assigned = _ASSIGNMENT.findall(part.text)
    return assigned[0][1] if len(assigned) == 1 and assigned[0][0] == name else None

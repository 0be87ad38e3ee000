"""A condition as it is spelled, before its measure gives it a meaning, and the rules of spelling its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite

from harness.errors import ConditionError
from harness.measures.comparison import constant

_NUMBER = re.compile(r"^(-?\d+(?:\.\d+)?)(ms|s|%|)$")
_SCALES = {"ms": 1.0, "s": 1000.0, "%": 0.01, "": 1.0}
_UNQUOTED = re.compile(r'(?:[^,{"\s]|\{[^}]*\})+')


@dataclass(frozen=True)
class Source:
    """The parts of `function(args) op value`, all of them text; `text` is the whole condition."""

    text: str
    function: str
    args: tuple[str, ...]
    op: str
    value: str

    def error(self, fact: str) -> ConditionError:
        """The error for this condition: what is wrong with it."""
        return condition_error(self.text, fact)

    def expect_args(self, least: int, most: int | None = None) -> None:
        """Raises ConditionError unless there are `least` arguments, or `least` to `most` of them."""
        most = most or least
        if not least <= len(self.args) <= most:
            expected = f"{least}" if least == most else f"{least} to {most}"
            raise self.error(f"`{self.function}` takes {expected} arguments, not {len(self.args)}")

    def number(self, units: Sequence[str] = ("",)) -> float:
        """The value in base units. Raises ConditionError unless it is a number with one of the units ("": none)."""
        return self.number_with_unit(units)[0]

    def number_with_unit(self, units: Sequence[str]) -> tuple[float, str]:
        """The value in base units and the unit that it was spelled with. Raises ConditionError as `number` does."""
        match = _NUMBER.match(self.value)
        if not match or match[2] not in units:
            expected = " or ".join(unit or "none" for unit in units)
            raise self.error(f"`{self.value}` is not a number with unit {expected}")
        number = float(match[1]) * _SCALES[match[2]]
        if not isfinite(number):
            raise self.error(f"the number of {len(match[1])} digits is too large")
        return number, match[2]

    def expect_undecided(self, limit: float, least: float, most: float, fact: str) -> None:
        """Raises ConditionError if the comparison has the same answer for all values from `least` to `most`.

        `fact` is the reason: which values there are.
        """
        answer = constant(self.op, limit, least, most)
        if answer is not None:
            raise self.error(f"it is {'always' if answer else 'never'} true: {fact}")

    def not_negative(self, units: Sequence[str] = ("",)) -> float:
        """As `number`, for a measure without negative values."""
        limit = self.number(units)
        self.expect_undecided(limit, 0.0, inf, f"`{self.function}` is never negative")
        return limit


def condition_error(text: str, fact: str) -> ConditionError:
    """The error for a condition: its text, what is wrong with it, a right one, and where all forms are listed."""
    example = "Example: p95(gateway) < 500ms; all forms: docs/reference/conditions.md"
    return ConditionError(f"condition `{text.strip()}`: {fact}. {example}")


def quoted(argument: str) -> str:
    """An argument as the grammar accepts it: in quotes where it needs them."""
    if _UNQUOTED.fullmatch(argument):
        return argument
    escaped = re.sub(r'\\(?=["\\]|$)|"', r"\\\g<0>", argument)
    return f'"{escaped}"'

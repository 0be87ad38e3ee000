"""Shapes: each check reports its problems with path and fact, and nothing for a value that fits."""

from __future__ import annotations

import re

import pytest

from harness.schema import shape
from harness.schema.shape import Check
from harness.schema.tree import Plain, Tree, from_plain

POINT = shape.mapping({"x": shape.number()}, {"y": shape.number()})
NAME = re.compile("[a-z]+")


def problems(check: Check, value: Plain) -> list[str]:
    found: list[str] = []

    def report(_: Tree, path: str, fact: str) -> None:
        found.append(f"{path}: {fact}" if path else fact)

    check(from_plain(value, "x.yaml:1:1"), "", report)
    return found


@pytest.mark.parametrize(
    ("check", "value", "expected"),
    [
        (POINT, {"x": 1}, []),
        (POINT, {"x": 1, "y": None}, []),
        (POINT, {"y": "a", "z": 1}, ["z: unknown key; known keys: x, y", "x: missing; add it",
                                     "y: expected a number, got `a`"]),
        (POINT, [1], ["expected a mapping, got a list"]),
        (shape.dictionary(shape.boolean, NAME, "a switch"), {"a": True, "B": False, "c": None},
         ["B: `B` is not a valid name for a switch; use letters, digits, `-`, `_` and `.`",
          "c: expected true or false, got nothing"]),
        (shape.dictionary(shape.anything), "a", ["expected a mapping, got `a`"]),
        (shape.sequence(POINT), [{"x": 1}, {}], ["[1].x: missing; add it"]),
        (shape.sequence(shape.anything, 1), [], ["expected at least 1 item, got 0"]),
        (shape.sequence(shape.anything, 2, 2), [1], ["expected exactly 2 items, got 1"]),
        (shape.sequence(shape.anything), {}, ["expected a list, got a mapping"]),
        (shape.text(), "a", []),
        (shape.text(), "", ["is empty; write something or leave it out"]),
        (shape.text(), 7, ["expected text, got `7`; put it in quotes"]),
        (shape.text(), [], ["expected text, got a list"]),
        (shape.text(3), "abcd", ["has 4 characters; the limit is 3"]),
        (shape.text(3, NAME, "a name"), "A", ["`A` is not a name"]),
        (shape.scalar, True, []),
        (shape.scalar, None, ["expected text, got nothing"]),
        (shape.number(lambda value: value > 0, "a number above 0"), 0, ["expected a number above 0, got `0`"]),
        (shape.number(), True, ["expected a number, got `true`"]),
        (shape.choice("a", "b"), "c", ["expected a or b, got `c`"]),
        (shape.filled, {}, ["expected a mapping with at least one key"]),
        (shape.either("a", "b"), {"a": 1}, []),
        (shape.either("a", "b"), {}, ["give a or b"]),
        (shape.either("a", "b"), {"a": 1, "b": 1}, ["a and b exclude each other; keep one"]),
        (shape.nullable(shape.boolean), None, []),
        (shape.nullable(shape.boolean), 1, ["expected true or false, got `1`"]),
    ],
)  # fmt: skip
def test_a_check_reports_every_problem(check: Check, value: Plain, expected: list[str]) -> None:
    assert problems(check, value) == expected

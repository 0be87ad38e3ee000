"""Insertion into gameday.yaml: what was there stays byte for byte, what is missing is added once."""

from __future__ import annotations

import random
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as some

from harness.errors import BindingError
from harness.proposal.draft import Key, Row
from harness.proposal.insertion import insert

WANTED = (
    Key("version", "1"),
    Key("placeholders", (Key("<pod>", None, ("TODO which pod?",)),)),
    Key(
        "runbooks",
        (
            Key(
                "A",
                (
                    Key("fault", None, ("TODO which fault?",)),
                    Key(
                        "symptoms",
                        [Row((Key("contains", "a: b"), Key("is", 'logs(a, "x") > 0')), "TODO sure?"),
                         Row((Key("line", "3"), Key("is", None)))],
                    ),
                ),
                ("The first one (a.md:1)",),
            ),
        ),
    ),
)  # fmt: skip
NEW = """\
version: 1

placeholders:
  # TODO which pod?
  <pod>:

runbooks:
  # The first one (a.md:1)
  A:
    # TODO which fault?
    fault:
    symptoms:
      - {contains: 'a: b', is: 'logs(a, "x") > 0'}  # TODO sure?
      - {line: 3, is: }
"""


def test_an_empty_file_gets_everything() -> None:
    assert insert("", WANTED, "x").text == NEW


def test_comments_of_a_file_without_values_stay_above() -> None:
    assert insert("# mine", WANTED, "x").text == f"# mine\n{NEW}"


def test_what_is_complete_is_not_changed() -> None:
    assert insert(NEW, WANTED, "x").text == NEW


def test_order_comments_values_and_indents_of_a_person_stay() -> None:
    before = (
        "# top\n"
        "runbooks:   # mine\n"
        "    B:   {fault: x}\n"
        "    A: # the important one\n"
        "        fault:   'my fault'   # do not touch\n"
        "\n"
        "        # a remark about A\n"
        "\n"
        "    # a remark about C\n"
        "    C:\n"
        "        fault: y\n"
        "version: 1 # end\n"
        "# bottom"
    )
    assert insert(before, WANTED, "x").text == (
        "# top\n"
        "runbooks:   # mine\n"
        "    B:   {fault: x}\n"
        "    A: # the important one\n"
        "        fault:   'my fault'   # do not touch\n"
        "\n"
        "        # a remark about A\n"
        "        symptoms:\n"
        "          - {contains: 'a: b', is: 'logs(a, \"x\") > 0'}  # TODO sure?\n"
        "          - {line: 3, is: }\n"
        "\n"
        "    # a remark about C\n"
        "    C:\n"
        "        fault: y\n"
        "version: 1 # end\n"
        "# bottom\n"
        "\n"
        "placeholders:\n"
        "  # TODO which pod?\n"
        "  <pod>:\n"
    )


def test_rows_are_added_to_a_list_in_its_own_style() -> None:
    above = "version: 1\nplaceholders: {<pod>: p}\nrunbooks:\n  A:\n    fault: f\n"
    before = f"{above}    symptoms:\n    - {{line: 3, is: }}\n    # mine\n"
    row = "    - {contains: 'a: b', is: 'logs(a, \"x\") > 0'}  # TODO sure?\n"
    assert insert(before, WANTED, "x").text == before + row


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("placeholders: {a: b}", "placeholders: {a: b, <pod>: }"),
        ("placeholders: {}", "placeholders: {<pod>: }"),
        ("placeholders: {a: b,}", "placeholders: {a: b,<pod>: }"),
        ("placeholders: {a: b\n  }", "placeholders: {a: b\n  , <pod>: }"),
    ],
)
def test_a_mapping_in_braces_is_extended_in_front_of_its_brace(before: str, after: str) -> None:
    assert insert(before, WANTED[1:2], "x").text == after


def test_a_list_in_brackets_gets_its_rows_inside() -> None:
    before = "runbooks: {A: {fault: f, symptoms: [{line: 3, is: }]}}"
    inside = "{contains: 'a: b', is: 'logs(a, \"x\") > 0'}"
    assert (
        insert(before, WANTED[2:], "x").text
        == f"runbooks: {{A: {{fault: f, symptoms: [{{line: 3, is: }}, {inside}]}}}}"
    )


def test_a_section_without_a_value_is_filled_below_its_comment() -> None:
    before = "placeholders:  # later\nversion: 1\n"
    assert insert(before, WANTED[:2], "x").text == "placeholders:  # later\n  # TODO which pod?\n  <pod>:\nversion: 1\n"


@pytest.mark.parametrize("null", ["~", "null"])
def test_a_written_null_stays(null: str) -> None:
    before = f"placeholders: {null}\nversion: 1\n"
    assert insert(before, WANTED[:2], "x").text == before


def test_line_ends_and_byte_order_mark_stay() -> None:
    before = "\ufeffversion: 1\r\nplaceholders:\r\n  a: b\r\n"
    assert insert(before, WANTED[:2], "x").text == f"{before}  # TODO which pod?\r\n  <pod>:\r\n"


def test_a_text_of_several_lines_is_not_cut() -> None:
    before = "placeholders:\n  a: |\n    # no comment\n\n    text\n\nversion: 1\n"
    after = insert(before, WANTED[:2], "x").text
    assert yaml.safe_load(after) == {"placeholders": {"a": "# no comment\n\ntext\n", "<pod>": None}, "version": 1}


def test_keys_that_a_merge_brings_are_not_missing() -> None:
    before = "version: 1\nx: &x {<pod>: p}\nplaceholders:\n  <<: *x\n"
    assert insert(before, WANTED[:2], "x").text == before


def test_a_mapping_or_list_with_an_anchor_is_extended() -> None:
    before = "runbooks:\n  A: &a\n    fault: f\n    symptoms: &s\n    -   {line: 3, is: }\n  B: *a\n"
    found = insert(before, [Key("runbooks", (*WANTED[2].value, Key("B", (Key("new", "x"),))))], "x")  # type: ignore[misc]
    row = "    - {contains: 'a: b', is: 'logs(a, \"x\") > 0'}  # TODO sure?\n"
    assert found.text == before.replace("  B: *a\n", f"{row}  B: *a\n")
    before = "runbooks:\n  A: &a\n    fault: f\n"
    symptoms = NEW[NEW.index("    symptoms:") :]
    assert insert(before, WANTED[2:], "x").text == before + symptoms


def test_an_alias_is_left_alone_and_named() -> None:
    before = "version: 1\nx: &x {a: b}\nplaceholders: *x\n"
    found = insert(before, WANTED[:2], "gameday.yaml")
    assert found.text == before
    assert found.left_out == ("gameday.yaml:3:1: placeholders: its value is an alias; add to it by hand",)


@pytest.mark.parametrize(
    ("before", "fact"),
    [
        ("a: [", "gameday.yaml:1:5: not YAML"),
        ("a: 1\na: 2", "gameday.yaml:2:1: `a` is given twice"),
        ("a: 1\n---\nb: 1", "gameday.yaml:3:1: a second document"),
        ("- a", "gameday.yaml:1:1: expected a mapping"),
        ("version: 1\nplaceholders:\n  a: |+\n    text\n\n\n", "gameday.yaml: the additions do not fit"),
    ],
)
def test_what_cannot_be_extended_is_an_error(before: str, fact: str) -> None:
    with pytest.raises(BindingError) as refused:
        insert(before, WANTED, "gameday.yaml")
    assert str(refused.value).startswith(fact)


# -- any file ----------------------------------------------------------------------------------------------------------

_NAMES = some.sampled_from(["a", "b", "c d", "e:", "<f>"])
_TREES = some.recursive(
    some.one_of(some.none(), some.sampled_from(["x", "1", "yes", "a: b", "# c", ""])),
    lambda inner: some.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=10,
)
_FILES = some.dictionaries(_NAMES, _TREES, max_size=4)


def _keys(tree: Mapping[str, object]) -> tuple[Key, ...]:
    return tuple(
        Key(name, _keys(item) if isinstance(item, dict) else item and str(item), ("TODO c",))
        for name, item in tree.items()
        if item != {}
    )


@given(_FILES, _FILES, some.sampled_from([None, False, True]), some.integers(2, 5), some.randoms())
@settings(max_examples=40, deadline=None)
def test_every_line_and_value_stays_in_any_file(
    before: dict[str, object], wanted: dict[str, object], flow: bool | None, indent: int, dice: random.Random
) -> None:
    lines = yaml.safe_dump(before, default_flow_style=flow, indent=indent, sort_keys=False).splitlines()
    commented = [text for line in lines for text in ([" # remark"] if dice.random() < 0.2 else []) + [line]]
    text = "\n".join(commented if not flow else lines) + "\n"
    after = insert(text, _keys(wanted), "x").text
    assert _is_within(text, after)
    assert _has(yaml.safe_load(after), yaml.safe_load(text))
    assert insert(after, _keys(wanted), "x").text == after


def _is_within(before: str, after: str) -> bool:
    """Whether the characters of one text are in the other one in the same order: nothing was removed."""
    rest = iter(after)
    return all(sign in rest for sign in before)


def _has(after: object, before: object) -> bool:
    if isinstance(before, dict) and before:
        return isinstance(after, dict) and all(_has(after[key], item) for key, item in before.items())
    return before in (None, {}) or after == before

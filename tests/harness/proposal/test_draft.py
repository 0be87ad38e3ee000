"""Text of proposed keys: YAML that is read as what was meant."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from harness.proposal.draft import Key, Row, block, comment, scalar
from harness.schema.tree import read


@given(some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\ufeff"), max_size=30))
def test_any_text_is_read_as_written(text: str) -> None:
    for document in (f"k: {scalar(text)}", f"{{k: {scalar(text)}, l: [{scalar(text)}]}}", f"{scalar(text)}: 1"):
        (tree,) = read(document, "x")
        values = tree.fields["k"].written if "k" in tree.fields else next(iter(tree.entries))
        assert values == text, document


@pytest.mark.parametrize(
    "text", ["yes", "null", "~", "true", "", " a", "a ", "a: b", "# a", "a #b", "- a", "{a}", "*a", "y"]
)
def test_a_text_that_yaml_would_read_as_something_else_is_quoted(text: str) -> None:
    assert scalar(text)[0] in "'\""
    assert yaml.safe_load(scalar(text)) == text


@pytest.mark.parametrize(
    "text", ["web", "8080", "/healthz", "p95(a) < 500ms", "<pod-name>", "$(A_HOST):80", "exec a --b $PORT"]
)
def test_a_plain_text_stays_plain(text: str) -> None:
    assert scalar(text) == text


def test_long_comments_are_wrapped_and_their_lines_stay_together() -> None:
    lines = list(comment("TODO " + "word " * 60, "    "))
    assert all(len(line) <= 120 for line in lines)
    assert [line[:9] for line in lines] == ["    # TOD", "    #   w", "    #   w"]


def test_a_comment_has_no_characters_that_yaml_forbids() -> None:
    text = "a\x00\x1b[31m\x85b\ud83d\u2028c"
    key = Key(text, text, (text,))
    written = "\n".join([*block([key], 0), *block([Key("rows", [Row((key,), text)])], 0)])
    assert written.encode().isascii()
    assert yaml.safe_load(written) == {text: text, "rows": [{text: text}]}


def test_a_mapping_of_every_kind_of_value() -> None:
    keys = (
        Key("text", "a"),
        Key("open", None, ("TODO which?",)),
        Key("below", (Key("list", ["a", "b: c"]),)),
        Key("rows", [Row((Key("line", "3"), Key("is", None)), "TODO  sure?")]),
    )
    assert list(block(keys, 2)) == [
        "  text: a",
        "  # TODO which?",
        "  open:",
        "  below:",
        "    list: [a, 'b: c']",
        "  rows:",
        "    - {line: 3, is: }  # TODO sure?",
    ]

"""YAML trees: values as PyYAML's safe loader resolves them, each with file, line and column."""

from __future__ import annotations

import pytest
import yaml

from harness.schema.tree import MAX_DEPTH, Tree, UnreadableError, from_plain, read

TEXT = """\
# a comment
name: web
ports: [80, 443]
on: true
nothing:
nested:
  ratio: 0.5
  when: 2026-01-31
"""


def tree_of(text: str) -> Tree:
    (tree,) = read(text, "x.yaml")
    return tree


def test_every_value_has_file_line_and_column() -> None:
    tree = tree_of(TEXT)
    assert tree.place == "x.yaml:2:1"
    assert {key: item.place for key, item in tree.entries.items()} == {
        "name": "x.yaml:2:7", "ports": "x.yaml:3:8", "on": "x.yaml:4:5", "nothing": "x.yaml:5:9",
        "nested": "x.yaml:7:3",
    }  # fmt: skip
    assert [item.place for item in tree.fields["ports"].items] == ["x.yaml:3:9", "x.yaml:3:13"]


def test_values_are_those_of_the_safe_loader_and_timestamps_stay_text() -> None:
    expected = yaml.safe_load(TEXT) | {"nested": {"ratio": 0.5, "when": "2026-01-31"}}
    assert tree_of(TEXT.replace("on:", "'on':")).plain() == expected | {"on": expected.pop(True)}


def test_paths_select_by_type() -> None:
    tree = tree_of(TEXT)
    assert (tree.text("name"), tree.text("ports"), tree.text("nested", "when")) == ("web", None, "2026-01-31")
    assert (tree.number("nested", "ratio"), tree.number("on"), tree.number("name")) == (0.5, None, None)
    assert tree.at("nothing") is None
    assert (tree.at("name", "x"), tree.items, tree.fields["ports"].fields) == (None, (), {})


@pytest.mark.parametrize("text", ["8080", "0x10", "1.50", "yes", "y", "2026-01-31", "'quoted'"])
def test_a_scalar_keeps_its_text_as_written(text: str) -> None:
    value = tree_of(f"a: {text}").fields["a"]
    assert (value.written, value.is_scalar) == (text.strip("'"), True)


def test_single_letters_are_booleans_as_in_yaml_1_1() -> None:
    assert tree_of("[y, Y, n, N, 'y']").plain() == [True, True, False, False, "y"]


def test_own_keys_override_merged_ones_of_which_the_first_wins() -> None:
    text = "a: &a {x: 1, y: 1, z: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*b, *a], z: 3}\n"
    assert tree_of(text).fields["c"].plain() == {"x": 1, "y": 2, "z": 3}


def test_documents_are_separate_and_empty_ones_are_omitted() -> None:
    assert [tree.place for tree in read("---\n---\na: 1\n---\n- b\n", "x.yaml")] == ["x.yaml:3:1", "x.yaml:5:1"]
    assert read("# only a comment\n", "x.yaml") == []


def test_plain_values_become_a_tree_at_one_place() -> None:
    value = {"a": [1, None], "b": "x"}
    tree = from_plain(value, "gameday.yaml:3:5")
    assert tree.plain() == value
    assert {item.place for item in (tree, *tree.fields.values(), *tree.fields["a"].items)} == {"gameday.yaml:3:5"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [b\nc: d", "x.yaml:2:2: not YAML: expected ',' or ']', but got ':'"),
        ("a: 1\na: 2", "x.yaml:2:1: `a` is given twice; keep one"),
        ("a: 1\n? [b]\n: c", "x.yaml:2:3: a list or mapping cannot be a key; write text"),
        ("a: !x b", "x.yaml:1:4: the tag `!x` is not supported; write the value without it"),
        ("a: -.inf", "x.yaml:1:4: `-.inf` is not a finite number; write a finite one"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
         f"x.yaml:1:{MAX_DEPTH + 2}: nested deeper than {MAX_DEPTH} levels (an alias inside itself?); flatten it"),
    ],
)  # fmt: skip
def test_unreadable_text_is_an_error_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        read(text, "x.yaml")
    assert str(refused.value) == problem

"""Parsing bash: commands, words, pipelines, redirections, and the places where the parse is uncertain."""

import pytest

from harness.bash.parse import parse
from harness.bash.script import Word


def test_commands_are_found_at_any_depth() -> None:
    script = parse('for i in 1 2; do a "$(b)"; done; f() { c; }; if d; then e; fi')
    assert [call.program for call in script.calls] == ["a", "b", "c", "d", "e"]
    assert script.functions == {"f"}


def test_text_and_line_of_the_document_are_kept() -> None:
    script = parse("kubectl get pods", 12)
    assert (script.text, script.line) == ("kubectl get pods", 12)
    assert parse("true").line == 0


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("a\\ b", Word("a\\ b", "a b")),
        ("'a b'", Word("'a b'", "a b")),
        ('"a \\" b"', Word('"a \\" b"', 'a " b', quoted=True)),
        ("$'a\\tb'", Word("$'a\\tb'", "a\tb")),
        ("a'b'\"c\"", Word("a'b'\"c\"", "abc")),
        ("x$POD", Word("x$POD", "x$POD", ("POD",), computed=True, splits=True)),
        ('"${POD}"', Word('"${POD}"', "${POD}", ("POD",), computed=True, quoted=True)),
        ("$(date)", Word("$(date)", "$(date)", computed=True, splits=True)),
        ('--a="$X"', Word('--a="$X"', "--a=$X", ("X",), computed=True)),
        ('"$@"', Word('"$@"', "$@", ("@",), computed=True, quoted=True, splits=True)),
    ],
)
def test_word_has_its_quotes_removed_and_its_expansions_kept(source: str, word: Word) -> None:
    assert parse(f"echo {source}").calls[0].arguments == (word,)


def test_head_is_the_part_before_the_first_expansion() -> None:
    (word,) = parse("echo --replicas=$N").calls[0].arguments
    assert word.head == "--replicas="


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("! a 2>/dev/null | b", ["a", "b"]),
        ("x; a | b", ["a", "b"]),
        ("x && a | b", ["a", "b"]),
        ("a || b", []),
        ("if a; then b; fi", []),
        ("a | while read -r x; do b; done", []),
        ("", []),
    ],
)
def test_last_pipeline_is_known_where_it_is_certain(text: str, stages: list[str]) -> None:
    assert [call.program for call in parse(text).last] == stages


def test_argument_after_a_redirection_belongs_to_the_command() -> None:
    script = parse("cat > /dev/null FILE")
    assert script.calls[0].argv == ("cat", "FILE")
    assert [(one.operator, one.target.text) for one in script.redirects] == [(">", "/dev/null")]


def test_assignments_include_those_of_loops_and_of_read() -> None:
    script = parse("X=1; for i in a b; do IFS= read -r line; done; : ${Y:=2}")
    assert [(name, word.text) for name, word in script.assignments] == [
        ("X", "1"),
        ("i", "a"),
        ("i", "b"),
        ("-r", "$(read)"),
        ("line", "$(read)"),
        ("IFS", ""),
        ("Y", "${Y:=2}"),
    ]


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("a &", "background"),
        ("a <(b)", "process_substitution"),
        ("echo $((x))", "arithmetic"),
        ("[[ $x -eq 1 ]]", "arithmetic"),
        ("echo ${!x}", "indirection"),
        ("a && b", "chain"),
    ],
)
def test_constructs_that_matter_to_the_policy_are_named(text: str, construct: str) -> None:
    assert parse(text).constructs == {construct}


def test_single_bracket_test_is_not_arithmetic() -> None:
    assert parse("[ $x -eq 1 ]").constructs == frozenset()


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("kubectl get pods (", "`(` is not valid bash"),
        ("echo {rm,x}", "`{rm,x}` is a brace expansion"),
        ("echo ${x%`a`}", "``a`` may contain a command; assign `$(…)` to a variable first"),
        ("a | b | c\nd e && f", "`c\nd e` has text that belongs to no command; write one command a line"),
        ("x=(1) <<E a\nE", "`x=(1) <<E a\nE` has a command behind a redirection; put the redirection at its end"),
    ],
)
def test_uncertain_parse_is_a_doubt(text: str, doubt: str) -> None:
    assert doubt in parse(text).doubts


@pytest.mark.parametrize(
    "text",
    [
        "kubectl get pods -o jsonpath='{.items[*]}' | grep -v x > /dev/null",
        "kubectl get pods \\\n  -n production | # all of them\n  grep x && # then\n\necho y",
        "cat <<EOF | grep x\na $x \\` $5\nEOF\ntrue",
        "cat <<'EOF'\n`a` $(b)\nEOF",
        "if [ 1 -lt 2 ]\nthen\n  a # b\nelse\n  c\nfi\n",
        "case $x in\n  (a|b) c ;;\n  *) d\n  ;;\nesac",
        "f() {\n  a\n}\nfor i in 1 2; do\n  f $i\ndone",
        'x=$(\n  a |\n  b\n)\necho "$x\n  ${x%.*} `a b`"',
        "[[ $x =~ ^a|b$ &&\n  -n $y ]] && echo a#b ${#x} $#",
        "a | b | c\nd\n",
    ],
)
def test_ordinary_text_has_no_doubts(text: str) -> None:
    assert parse(text).doubts == ()

"""A block is split where bash ends its statements, not where the grammar of tree-sitter does."""

from __future__ import annotations

import pytest

from harness.bash.split import Leftover, Statement, split


def parts(block: str) -> list[tuple[int, str]]:
    found = split(block)
    assert all(isinstance(part, Statement) for part in found)
    return [(part.line, part.text) for part in found]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("a | b | c", "d > /dev/null"),
        ("a | b | c", "d && e"),
        ("a | b | c", "d || e"),
        ("a | b | c", "cat <<EOF\nx\nEOF"),
        ("a | b | c | d", "e 2>&1"),
        ("[ 1 -lt 2 ]", "echo x > /dev/null"),
        ("cat <<A <<B\none\nA\ntwo\nB", "echo x"),
        ("cat <<A; cat <<B\none\nA\ntwo\nB", "echo x"),
        ("cat <<'A' <<-\"B\"\n$x\nA\n\ttwo\n\tB", "echo x"),
        ("cat <<EOF |\nx\nEOF\n  wc -l", "echo x"),
        ("echo $((1 << 2))", "echo x"),
        ("cat <<< word", "echo x"),
        ("echo 'a <<EOF'", "echo x"),
        ("echo a # <<EOF", "echo x"),
        ("kubectl get pods \\ ", "-n production"),
        ("kubectl scale deploy x \\ # more", "--replicas=3"),
        ("kubectl get \\\n  pods \\ ", "-n production"),
        ("for p in a b; do\n  cat <<EOF\nx\nEOF\ndone", "ls"),
        ("a |\n  b |\n  c", "d > /dev/null"),
        ("a \\\n  | b \\\n  | c", "d > /dev/null"),
        ("echo 'a\nb'", "ls"),
        ("f()\n{\n  ls\n}", "f"),
    ],
)
def test_statement_ends_where_bash_ends_it(first: str, second: str) -> None:
    whole = [part if " # <<" not in part else part.split(" #")[0] for part in (first, second)]
    if ";" in first and "do" not in first:
        assert parts(f"{first}\n{second}")[-1] == (first.count("\n") + 2, second)
    else:
        assert parts(f"{first}\n{second}") == [(1, whole[0]), (first.count("\n") + 2, whole[1])]


def test_comment_inside_a_continued_command_ends_it() -> None:
    block = "kubectl scale deploy x \\\n  # comment\n  --replicas=3 \\\n  -n production\nls"
    assert [(part.line, part.text) for part in split(block)] == [
        (1, "kubectl scale deploy x"),
        (2, "# comment"),
        (3, "--replicas=3 \\\n  -n production"),
        (5, "ls"),
    ]


@pytest.mark.parametrize(
    "block", ["cat <<EOF\nhello\n  EOF\nkubectl get pods", "cat <<EOF\nhello\n EOF", "cat <<-EOF\nx\n  EOF"]
)
def test_here_document_without_an_end_takes_the_rest_of_the_block(block: str) -> None:
    assert split(f"ls\n{block}") == (
        Statement(1, "ls"),
        Leftover(2, block, "its here-document has no end: no line is `EOF` alone"),
    )


def test_titles_stay_with_their_statements() -> None:
    block = "# One\na | b | c\n# Two\nd > /dev/null # three\n\n# orphan\n\n# Four\ncat <<A <<B\nA\nB\n# last"
    assert [(part.line, getattr(part, "title", "")) for part in split(block)] == [
        (2, "One"),
        (4, "Two; three"),
        (6, ""),
        (9, "Four"),
        (12, ""),
    ]

"""The scanner of Markdown: kinds of lines, headings, blocks, spans."""

from __future__ import annotations

import cProfile

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from harness.lint.document import parse
from harness.lint.engine import Settings, lint
from harness.lint.registry import all_rules
from harness.lint.scan import scan
from tests.harness.lint.test_rules import NOTHING_EXISTS, TODAY


def test_kinds_of_lines() -> None:
    text = "---\ntitle: x\n---\n# A\n\ntext\n<!-- note\nmore -->\n```bash\nls\n```\n"
    assert scan(text).kinds == "fffhbpmmcccb"


def test_headings_of_all_forms() -> None:
    text = "# One #\n\nTwo\n---\n\n**Three:**\n\n- a\n\n```\n# no heading\n```\n"
    assert [(heading.level, heading.text, heading.line) for heading in scan(text).headings] == [
        (1, "One", 1),
        (2, "Two", 3),
        (7, "Three", 6),
    ]


def test_fences_in_lists_and_quotes_keep_their_columns() -> None:
    listed, quoted = scan("- x\n  ~~~sh\n  ls\n  ~~~\n\n> ```bash\n> pwd\n> ```\n").blocks
    assert (listed.lang, listed.lines, listed.columns, listed.first) == ("sh", ("ls",), (3,), 3)
    assert (quoted.lang, quoted.lines, quoted.columns, quoted.first) == ("bash", ("pwd",), (3,), 7)


def test_an_unclosed_fence_goes_to_the_end() -> None:
    (block,) = scan("```\nls\n\n# x").blocks
    assert not block.closed
    assert block.lines == ("ls", "", "# x")


def test_sections_and_empty_ones() -> None:
    sections = scan("# A\n## B\n\ntext\n## C\n\n## D\nx\n").sections
    assert [(each.heading.text, each.last, each.empty) for each in sections] == [
        ("A", 9, False),
        ("B", 4, False),
        ("C", 6, True),
        ("D", 9, False),
    ]


def test_words_have_neither_code_nor_addresses() -> None:
    words = scan("see `rm -rf` and https://x.test/todo <!-- todo --> now\n").words
    assert words.split() == ["see", "and", "now"]


FRAGMENTS = st.sampled_from(
    [
        "```bash\n", "```\n", "~~~\n", "# H\n", "- ", "> ", "    ", "<!--", "-->", "`", "``", "|", "$ ", "\\\n", "\n\n",
        "'", '"', "<pod>", "kubectl logs -f x", "rm -rf $A/*", "EOF\n", "cat <<EOF\n", "if true; then\n", "((", "{{",
        "[a](b)", "[a](#b)", "—", "\u00a0", "<!-- gameday: disable=RB501 reason=x until=2020-01-01 -->\n", "---\n",
        "\r\n", "curl http://a?b&c=d\n", "- `A_B`: Set to 1\n",
    ]
)  # fmt: skip


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.one_of(FRAGMENTS, st.text(max_size=12)), max_size=40).map("".join))
@example("```bash\nkubectl exec -it\n```")
@example("```bash\nkubectl\n```\n`kubectl `")
@example("")
def test_any_text_is_linted(text: str) -> None:
    document = parse(text, "x.md", NOTHING_EXISTS)
    for finding in lint(document, all_rules(), Settings(pedantic=True), TODAY):
        assert 1 <= finding.place.line <= len(document.lines)
        assert finding.place.column >= 1
        assert finding.message


@pytest.mark.parametrize("unit", ["`kubectl get pods` ", "[a](", "TODO ", "<a ", "`a ", "$((", "curl http://a?b&"])
def test_long_lines_take_linear_time(unit: str) -> None:
    """Counted in calls of Python functions, which a busy machine does not change."""
    calls = [_calls(f"{unit * count}\n\n```bash\n{unit * count}\n```\n") for count in (150, 600)]
    assert calls[1] < 6 * calls[0]


def _calls(text: str) -> int:
    profile = cProfile.Profile()
    profile.runcall(lambda: lint(parse(text, "x.md", NOTHING_EXISTS), all_rules(), Settings(pedantic=True), TODAY))
    return sum(entry.callcount for entry in profile.getstats())

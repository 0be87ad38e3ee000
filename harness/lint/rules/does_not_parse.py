"""RB201: a statement in a shell block that no shell can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown, whole_line
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS
from harness.runbook.programs import is_program

_MEANT = lazy(r"\.\.\.|…|^\s*[-+*] |^\s*#")


_QUOTED = lazy(r"\\.|'[^']*'|\"(?:[^\"\\]|\\.)*\"|(?<!\\S)#.*")
_NESTED = lazy(r"[$<>]\([^()]*\)|\$?\(\([^()]*\)\)|\[\[.*?\]\]|[?*+@!]\([^()]*\)|\w+\+?=\([^()]*\)")
_STRAY = lazy(r"^\s*(?P<before>[\w./-]+\s[^|;&()]*?)(?<![$<>?*+@!=])\((?!\))")
_KEYWORDS = ("for", "case", "if", "while", "until", "function", "select", "time", "[")


def _check(document: Document) -> Iterator[Hit]:
    seen = set()
    for place, what, source in document.shell.open:
        if source.labelled and source.block is not None and source.block.closed and place.line not in seen:
            text = document.lines[place.line - 1]
            if not _MEANT.search(text) and (not what.startswith("the quote") or _is_real(text, source.lines)):
                seen.add(place.line)
                yield Hit(place, f"{shown(text.strip())} does not parse: {what} is never closed")
    yield from (hit for hit in _stray(document) if hit.place.line not in seen)


def _stray(document: Document) -> Iterator[Hit]:
    """Arguments with a bracket that nothing quotes: no shell accepts one behind the first word of a command."""
    for typed in document.shell.typed:
        if typed.block.lang not in SHELLS or not any("(" in line for line in typed.lines):
            continue
        if any("<<" in line for line in typed.lines):
            continue
        outer = ""
        for row, line in enumerate(typed.lines):
            if not outer and "(" in line and is_program(line) and _has_stray(line):
                place = whole_line(document, typed.first + row)
                yield Hit(place, f"{shown(line.strip())} does not parse: put the argument with `(` in quotes")
            outer = _open_quote(outer, line)


def _has_stray(line: str) -> bool:
    plain = _QUOTED.sub("q", line)
    for _ in range(3):
        plain = _NESTED.sub("n", plain)
    found = _STRAY.match(plain)
    open_quote = "'" in plain or '"' in plain or "`" in plain
    return found is not None and not open_quote and found["before"].split()[0] not in _KEYWORDS


def _open_quote(outer: str, line: str) -> str:
    """The quote that is open behind a line; "" for none."""
    for sign in _QUOTED.sub("", line) if not outer else line:
        if sign in "'\"" and sign == (outer or sign):
            outer = "" if outer else sign
    return outer


def _is_real(line: str, lines: tuple[str, ...]) -> bool:
    """Whether an odd quote is one of shell: an apostrophe between letters of prose output is none."""
    return not re.search(r"\w'\w", line) or any(sign in line for sign in ("|", " -", "$"))


RULE = Rule(
    code="RB201",
    name="does-not-parse",
    severity=Severity.ERROR,
    summary="A statement in a shell block cannot be read by a shell.",
    why="The shell waits for the end of the quote or bracket with `>`, and nothing runs. Close it; put output into a "
    "block of its own.",
    fires="```bash\ncurl -H 'Accept: text/plain http://api.shop.test/health\n```\n",
    silent="```bash\ncurl -H 'Accept: text/plain' http://api.shop.test/health\n```\n",
    check=_check,
)

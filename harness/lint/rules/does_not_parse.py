"""RB201: a statement in a shell block that no shell can read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_MEANT = lazy(r"\.\.\.|…|^\s*[-+*] |^\s*#")


def _check(document: Document) -> Iterator[Hit]:
    seen = set()
    for place, what, source in document.shell.open:
        if source.labelled and source.block is not None and source.block.closed and place.line not in seen:
            text = document.lines[place.line - 1]
            if not _MEANT.search(text) and (not what.startswith("the quote") or _is_real(text, source.lines)):
                seen.add(place.line)
                yield Hit(place, f"{shown(text.strip())} does not parse: {what} is never closed")


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

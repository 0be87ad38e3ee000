"""RB204: typographic quotes and dashes in a command."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Edit, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_SIGNS = lazy(r"(?<!\S)[–—](?=[A-Za-z-])|[“”„‟‘’‚]")
_PLAIN = {"–": "--", "—": "--", "“": '"', "”": '"', "„": '"', "‟": '"', "‘": "'", "’": "'", "‚": "'"}


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        for row, line in enumerate(typed.lines):
            if line.isascii() or line.lstrip().startswith("#"):
                continue
            code = line.split(" #", 1)[0]
            for found in _SIGNS.finditer(code):
                if found[0] == "’" and re.match(r"\w’\w", code[max(0, found.start() - 1) : found.end() + 1]):
                    continue
                column = typed.columns[row] + found.start()
                place = Place(typed.first + row, column, column + 1)
                what = "dash" if found[0] in "–—" else "quote"
                message = f"the typographic {what} `{found[0]}` is an ordinary letter; write `{_PLAIN[found[0]]}`"
                yield Hit(place, message, (Edit(place, _PLAIN[found[0]]),))


RULE = Rule(
    code="RB204",
    name="typographic-signs",
    severity=Severity.ERROR,
    summary="A command has typographic quotes or dashes.",
    why="A word processor replaced them. The shell takes them as ordinary letters: the option is unknown, the text is "
    "not quoted.",
    fires="```bash\nkubectl get nodes –o wide\n```\n",
    silent="```bash\nkubectl get nodes -o wide  # small – but complete\n```\n",
    check=_check,
    fixable=True,
)

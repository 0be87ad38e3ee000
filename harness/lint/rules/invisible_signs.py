"""RB207: blanks that are none for the shell, and signs that are not seen."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Edit, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_SIGNS = lazy("[\u00a0\u2000-\u200d\u202f\u2060\u3000\ufeff\u00ad\u202a-\u202e\u2066-\u2069]")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        for row, line in enumerate(typed.lines):
            found = None if line.isascii() else _SIGNS.search(line)
            if found is not None:
                column = typed.columns[row] + found.start()
                place = Place(typed.first + row, column, column + 1)
                blank = found[0] in "\u00a0\u202f\u3000" or "\u2000" <= found[0] <= "\u200a"
                message = f"the invisible sign U+{ord(found[0]):04X} is a part of the word for the shell"
                yield Hit(place, message, (Edit(place, " " if blank else ""),))


RULE = Rule(
    code="RB207",
    name="invisible-signs",
    severity=Severity.ERROR,
    summary="A command has a blank or another sign that is invisible and no blank for the shell.",
    why="It came with a copy from a web page. The shell glues the words around it together, and it is not seen why it "
    "fails.",
    fires="```bash\nkubectl\u00a0get nodes\n```\n",
    silent="```bash\nkubectl get nodes\n```\n",
    check=_check,
    fixable=True,
)

"""RB208: a blank behind the backslash that should join two lines."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Edit, Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.page import Place
from harness.lint.patterns import lazy

_BLANK = lazy(r"(?<!\\)\\([ \t]+)$")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        for row, line in enumerate(typed.lines[:-1]):
            found = _BLANK.search(line) if "\\" in line else None
            if found and not line.lstrip().startswith("#"):
                column = typed.columns[row] + found.start(1)
                place = Place(typed.first + row, column, column + len(found[1]))
                yield Hit(place, "a blank behind the backslash: the command ends here", (Edit(place, ""),))


RULE = Rule(
    code="RB208",
    name="blank-behind-backslash",
    severity=Severity.ERROR,
    summary="A blank behind a backslash cuts a command in two.",
    why="The shell joins lines only where the backslash is the last sign. The rest of the command runs as one of its "
    "own.",
    fires="```bash\nkubectl get pods \\ \n  -n shop\n```\n",
    silent="```bash\nkubectl get pods \\\n  -n shop\n```\n",
    check=_check,
    fixable=True,
)

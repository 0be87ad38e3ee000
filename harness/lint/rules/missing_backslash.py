"""RB210: a line that begins with an option: the line above was not joined to it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.page import Place
from harness.lint.patterns import lazy
from harness.lint.typed import SHELLS

_OPTION = lazy(r"\s*(?!-[rwxsStT-]{9})(--?[A-Za-z][\w-]*|\|\|?(?= *[a-z])(?!.*\|\s*$)|&&)(?:[ =]|$)")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        if typed.block.lang not in SHELLS or typed.output or any("<<" in line for line in typed.lines):
            continue
        for row, (above, line) in enumerate(pairwise(typed.lines), start=1):
            found = _OPTION.match(line) if line.lstrip()[:1] in ("-", "|", "&") else None
            if found and _is_complete(above.rstrip()):
                place = Place(typed.first + row, typed.columns[row] + found.start(1), typed.columns[row] + found.end(1))
                yield Hit(place, f"{shown(found[1])} is not joined to the command above: it lacks a backslash")


def _is_complete(line: str) -> bool:
    """Whether a command ends with this line."""
    if not line or line.lstrip().startswith("#") or line.endswith(("\\", "|", "&&", "(")):
        return False
    return line.count("'") % 2 == 0 and line.count('"') % 2 == 0


RULE = Rule(
    code="RB210",
    name="missing-backslash",
    severity=Severity.ERROR,
    summary="A command goes on in the next line without a backslash.",
    why="The command runs without its last options, which may be those that limit it, and the rest fails.",
    fires="```bash\nkubectl delete pod api-0\n  --dry-run=client\n```\n",
    silent="```bash\nkubectl delete pod api-0 \\\n  --dry-run=client\n```\n",
    check=_check,
)

"""RB309: a loop that waits for ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import near, shown
from harness.lint.page import Place
from harness.lint.patterns import lazy

_LOOP = lazy(r"(?:^|[;&]\s*)\s*(?P<loop>while\s+(?:true|:|\[\s*1\s*\])\s*;?|while\s+!\s+\S+|until\s+\S+)")
_ENDS = lazy(r"\bbreak\b|\bexit\b|\btimeout\b|SECONDS|\bcount|\(\(|\bseq\b|-lt\b|-le\b|-gt\b|-ge\b|\bread\b")
_MEANT = lazy(r"\bctrl[- +]?c|\bwatch|\bmonitor|\bcontinuous|\bload\b|\bstop (?:it|the loop)|\bkeep", re.I)


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        for row, line in enumerate(typed.lines):
            found = _LOOP.search(line) if "while" in line or "until" in line else None
            if found is None or line.lstrip().startswith("#"):
                continue
            body = "\n".join(typed.lines[row : row + 15]).split("\ndone")[0]
            if not _ENDS.search(body) and not _MEANT.search(near(document, typed.first + row)):
                column = typed.columns[row] + found.start("loop")
                place = Place(typed.first + row, column, column + len(found["loop"]))
                yield Hit(
                    place,
                    f"the loop {shown(found['loop'].strip('; '))} never gives up; bound it, or use `kubectl wait "
                    f"--timeout`",
                )


RULE = Rule(
    code="RB309",
    name="unbounded-loop",
    severity=Severity.WARNING,
    summary="A loop waits for ever.",
    why="If what it waits for does not happen, the operator does not learn it. Count the tries, or use a command with "
    "a timeout.",
    fires="```bash\nuntil curl -fs http://api.shop.test/health; do sleep 1; done\n```\n",
    silent="```bash\nfor try in $(seq 30); do curl -fs http://api.shop.test/health && break; sleep 1; done\n```\n",
    check=_check,
)

"""The procedures of the document that ask for the papers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.report.markdown_text import quoted
from harness.verdict.gameday import GamedayResult, ManualLine


def asked_for(result: GamedayResult, pattern: str) -> Iterator[str]:
    """The lines of the document's post-incident procedure that ask for a paper, and a blank line."""
    found = [line for line in result.procedures if line.kind == "post-incident" and asks(line, pattern)]
    if found:
        yield "Asked for by:"
        yield ""
        yield from (f"- line {line.line}: {quoted(line.text)}" for line in found)
        yield ""


def asks(line: ManualLine, pattern: str) -> bool:
    """Whether a line asks for the paper of this pattern."""
    return bool(re.search(pattern, line.text, re.I))


def of_kind(lines: Sequence[ManualLine], kind: str) -> list[ManualLine]:
    """The lines of one procedure."""
    return [line for line in lines if line.kind == kind]

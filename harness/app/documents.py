"""Use case `show`: what the parser understood of a document."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.model import Document
from harness.runbook import nothing_to_test, read


@dataclass(frozen=True)
class ShowRequest:
    """`runbook` is the document, a Markdown file."""

    runbook: Path


@dataclass(frozen=True)
class ShowResult:
    """The parsed document."""

    document: Document
    nothing_to_test: str
    """Why nothing in the document can be drilled; "" where something can."""


def show(request: ShowRequest) -> ShowResult:
    """Parse a document. Raises DocumentError when it cannot be read."""
    document = read(request.runbook)
    return ShowResult(document, nothing_to_test(document) or "")

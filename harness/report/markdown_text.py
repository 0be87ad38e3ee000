"""Text of a document in Markdown, so that it stays text: no HTML, link, image, heading or mention comes of it."""

from __future__ import annotations

import re

from harness.report.format import one_line


def escape(text: str) -> str:
    """The text without HTML, links and images, which the report would serve from a document."""
    return one_line(text).replace("|", "\\|").replace("<", "&lt;").replace("](", "]\\(")


def code(text: str) -> str:
    """The text as inline code in a table, between more backticks than it has in a row."""
    return quoted(text.replace("|", "\\|"))


def quoted(text: str) -> str:
    """The text as inline code, between more backticks than it has in a row; "" for an empty text."""
    plain = one_line(text)
    if not plain:
        return ""
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    space = " " if longest else ""
    return f"{'`' * (longest + 1)}{space}{plain}{space}{'`' * (longest + 1)}"

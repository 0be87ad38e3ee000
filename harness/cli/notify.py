"""Lines of progress, and notices, on stderr."""

from __future__ import annotations

import sys

from harness.report.format import printable


def notify(line: str) -> None:
    """Print one line for people."""
    sys.stderr.write(f"gameday: {printable(line)}\n")


def silent(line: str) -> None:
    """Print nothing: for `--quiet`."""

"""Parses a runbook document in Markdown to frozen dataclasses (`harness.model`), each part with its line.

The reader is imported on first use: `harness.lint` needs the small modules beside it only, and starts in half the time.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.runbook.reader import nothing_to_test, parse, read

__all__ = ["nothing_to_test", "parse", "read"]


def __getattr__(name: str) -> object:
    """Import a function of the reader."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from harness.runbook import reader  # noqa: PLC0415

    return getattr(reader, name)

"""A runbook document in Markdown -> frozen dataclasses, every part with its line."""

from harness.runbook.reader import nothing_to_test, parse, read

__all__ = ["nothing_to_test", "parse", "read"]

"""Parses a runbook document in Markdown to frozen dataclasses (`harness.model`), each part with its line."""

from harness.runbook.reader import nothing_to_test, parse, read

__all__ = ["nothing_to_test", "parse", "read"]

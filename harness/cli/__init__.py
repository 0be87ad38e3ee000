"""The command `gameday`: parses arguments, prints, handles signals, and is the only code that exits."""

from harness.cli.main import main

__all__ = ["main"]

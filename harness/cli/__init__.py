"""`gameday`: words -> objects; prints events, chooses members, and is the only place that exits."""

from harness.cli.main import main

__all__ = ["main"]

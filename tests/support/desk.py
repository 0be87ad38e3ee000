"""A document with procedures, and a clock that the test sets, for the tests of desks."""

from __future__ import annotations

from harness.model import Document, Procedure

DOCUMENT = Document(
    "ops.md",
    "Operations",
    alerts=(
        Procedure(40, "Acknowledge the alert within 5 minutes", "Critical (P0)", "Response", "P0", None, 300),
        Procedure(41, "Tell everybody", "Critical (P0)", "Communication", "P0"),
        Procedure(45, "Acknowledge the alert within 1 hour", "Info (P2)", "Response", "P2", None, 3600),
    ),
    escalation=(Procedure(50, "On call", level=1), Procedure(51, "Senior", level=2)),
    text="# Operations\n",
)
ALERT_S = 1000.0
"""When the alert of the tests is raised."""


class Now:
    """A clock that the test sets; a minute after the alert at first."""

    def __init__(self) -> None:
        self.s = ALERT_S + 60.0

    def __call__(self) -> float:
        return self.s

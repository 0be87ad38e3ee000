"""What the rows of the shipped document's procedures ask for, and the order of priorities."""

from __future__ import annotations

import pytest

from harness.model import Document, Procedure
from harness.runbook import parse
from harness.runbook.alerting import asked_action, priorities_of
from tests.support.paths import RUNBOOK


def test_every_row_of_the_shipped_alert_procedures_asks_for_an_action() -> None:
    document = parse(RUNBOOK.read_text(encoding="utf-8"))
    found = [(row.priority, asked_action(row), row.deadline_s) for row in document.alerts]
    assert found == [
        ("P0", "acknowledged", 300), ("P0", "investigating", 600), ("P0", "updated", None), ("P0", "resolved", None),
        ("P1", "acknowledged", 900), ("P1", "investigating", 1800), ("P1", "updated", None), ("P1", "resolved", None),
        ("P2", "acknowledged", 3600), ("P2", "investigating", 7200), ("P2", "updated", None), ("P2", "resolved", None),
    ]  # fmt: skip
    assert priorities_of(document) == ("P0", "P1", "P2")


@pytest.mark.parametrize(
    ("name", "text", "action"),
    [
        ("", "Ack the page within 5 minutes", "acknowledged"),
        ("Investigation", "respond to no page", "investigating"),
        ("", "Escalate to the vendor within an hour", "escalated"),
        ("", "Mitigate within 30 minutes", "mitigated"),
        ("", "Restore the service within 4 hours", "resolved"),
        ("", "Have tea within 5 minutes", None),
    ],
)
def test_the_label_counts_before_the_text(name: str, text: str, action: str | None) -> None:
    assert asked_action(Procedure(1, text, name=name)) == action


def test_priorities_are_in_the_order_of_their_numbers() -> None:
    rows = tuple(Procedure(1, "x", priority=name) for name in ("SEV3", "SEV1", None, "SEV1"))
    assert priorities_of(Document("ops.md", "Ops", alerts=rows)) == ("SEV1", "SEV3")
    assert priorities_of(Document("ops.md", "Ops")) == ()

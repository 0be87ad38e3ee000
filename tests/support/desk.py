"""A document with procedures, and a clock that the test sets, for the tests of desks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.model import Document, Procedure
from harness.record.incident import AlertRaised
from harness.steps.session import Session
from harness.steps.step import Step
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster

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


@contextmanager
def alerted(cluster: SmallCluster, folder: Path, text: str, steps: Sequence[Step] = ()) -> Iterator[RecordedIncident]:
    """An incident on a cluster with one alert of this text, and a session whose files are in `folder`."""
    session = Session(cluster.shell(), folder / "steps", run_dir=folder)
    incident = RecordedIncident(cluster, session, steps, document=DOCUMENT)
    incident.events.append(AlertRaised(t_s=ALERT_S, alert="a1", priority="P0", text=text))
    yield incident
    session.close()

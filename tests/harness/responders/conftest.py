"""An incident on a small cluster, and its desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.responders.desk import IncidentDesk
from harness.responders.sections import Section
from harness.steps.run import StepLimits
from harness.steps.step import runbook_steps
from tests.support.desk import Now, alerted
from tests.support.incident import RecordedIncident
from tests.support.small_cluster import SmallCluster
from tests.support.steps import PLACEHOLDERS, SLOW_RUNBOOK


@pytest.fixture
def cluster(tmp_path: Path) -> SmallCluster:
    return SmallCluster(tmp_path)


@pytest.fixture
def recorded(cluster: SmallCluster, tmp_path: Path) -> Iterator[RecordedIncident]:
    steps = runbook_steps(SLOW_RUNBOOK, PLACEHOLDERS, {"MAX_RETRIES": "api"}, "production")
    with alerted(cluster, tmp_path, "availability 50 % of 99 %", steps) as incident:
        yield incident


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def desk(recorded: RecordedIncident, now: Now) -> IncidentDesk:
    section = Section("SLOW", "Slow", 1, ("requests are slow",), tuple(recorded.steps))
    limits = StepLimits(follow_s=0.3, settle_s=0.2)
    return IncidentDesk(recorded.incident, [section], "human", budget_s=600, limits=limits, clock=now)

"""Puts the monitoring of a drill's side together: what it checks, and over which part of the drill."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from harness.clock import now_s
from harness.cluster import manifest
from harness.drill.base import Record
from harness.gameday.headers import dashboards_of
from harness.observability.boards import Window
from harness.observability.monitor import Lines, SideMonitor, Systems
from harness.plan import DrillPlan
from harness.platforms.base import Overrides
from harness.record.event import TREATMENT, SideName
from harness.verdict.judge import Judge

BEFORE_S = 5.0
"""A metric may jump with the fault and stay there, so the window begins before it."""
ReadJudge = Callable[[], AbstractContextManager[Judge]]


def monitor_of(
    systems: Systems | None, folder: Path, side: SideName, drill: DrillPlan, record: Record, judge: ReadJudge
) -> SideMonitor | None:
    """The monitor of a side in a drill; None in a run without monitoring. Lines are checked on the treatment."""
    if systems is None:
        return None
    service, slos = (drill.binding.service, tuple(drill.binding.slos)) if drill.binding else ("", ())
    lines = Lines(dashboards_of(drill), tuple(_queries(drill)), service, slos) if side == TREATMENT else None
    return SideMonitor(systems, folder / "prometheus", record, lines, partial(_incident, judge), side)


def _queries(drill: DrillPlan) -> Iterator[str]:
    """Where a runbook has queries: its dashboards, its commands, and the conditions of its symptoms and SLOs."""
    yield from (board.name for board in drill.runbook.dashboards)
    yield from (step.text for step in drill.steps)
    yield from (condition.text for condition in drill.conditions)


def _incident(judge: ReadJudge) -> Window | None:
    """From shortly before the fault of the treatment until its revert, or now; None before the fault."""
    with judge() as read:
        applied_s = read.state.fault_applied_s.get(TREATMENT)
        reverted_s = read.state.phase_started_s.get("after-revert")
    return None if applied_s is None else Window(applied_s - BEFORE_S, reverted_s or now_s())


def with_environment(overrides: Overrides, environment: Mapping[str, str]) -> Overrides:
    """The overrides with further variables of every shipped Deployment."""
    if not environment:
        return overrides
    return {name: {**environment, **overrides.get(name, {})} for name in manifest.read().deployments}

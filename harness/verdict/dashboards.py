"""Judges the dashboard lines of a runbook: by what its monitoring system answered, else by the metrics of the pods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from harness.measures.probe import near_names
from harness.record.event import TREATMENT
from harness.record.header import DashboardPlan
from harness.verdict.result import DashboardResult
from harness.verdict.state import DrillState
from harness.verdict.timeline import Timeline

OPTIONS: Mapping[str, str] = {"grafana": "--grafana-url URL", "jaeger": "--jaeger-url URL"}
"""By monitoring system, the option with which a run asks it."""
_CONSTANT = "the metric stayed"
"""Begins the reason of a metric that did not move; beside one that did in the same expression, it may."""


def dashboard_results(state: DrillState) -> Iterator[DashboardResult]:
    """The result of each line, in the order of the document."""
    moved: set[int] = set()
    found = []
    for board in state.header.dashboards:
        verdict, why = _judged(state, board)
        near = _near(state.sides[TREATMENT], board.name) if verdict == "failed" else ""
        found.append(DashboardResult(board.line, board.text, board.system, board.name, verdict, why, near))
        moved |= {board.line} if verdict == "ok" else set()
    for each in found:
        in_expression = f"`{each.name}`" not in each.text and each.line in moved
        yield replace(each, verdict="ok") if in_expression and each.why.startswith(_CONSTANT) else each


def dashboard_findings(state: DrillState) -> Iterator[str]:
    """What the lines should say instead."""
    yield from (f"line {board.line}: {board.finding}" for board in state.boards.values() if board.finding)


def unanswered_boards(state: DrillState) -> Iterator[str]:
    """The lines about which a monitoring system was asked without an answer, each with the reason."""
    for board in state.boards.values():
        if board.verdict == "unknown":
            yield f"line {board.line}: `{board.name}` could not be checked: {board.why}"


def _judged(state: DrillState, board: DashboardPlan) -> tuple[str, str]:
    checked = state.boards.get((board.line, board.name))
    if checked:
        return "not checked" if checked.verdict == "unknown" else checked.verdict, checked.why
    if board.system.casefold() != "prometheus":
        option = OPTIONS.get(board.system.casefold())
        how = f"{option} checks it" if option else "gameday cannot ask it"
        return "not checked", f"no {board.system} is part of this run; {how}"
    return _of_pods(state.sides[TREATMENT], board.name)


def _of_pods(main: Timeline, name: str) -> tuple[str, str]:
    """A metric as the pods export it."""
    every = main.samples(f"family({name})", 0, math.inf)
    samples = [sum(sample.pods.values()) for sample in every if sample.pods]
    if not samples:
        hint = f"; `{near}` is exported: is that meant?" if (near := _near(main, name)) else ""
        missing = f"no pod exports a metric of this name{hint}"
        return "failed", missing if main.last_probe_s else "nothing was sampled"
    if len(set(samples)) < 2:
        return "failed", f"{_CONSTANT} at {samples[0]:g} during the whole drill"
    return "ok", f"exists and moved between {min(samples):g} and {max(samples):g}"


def _near(main: Timeline, name: str) -> str:
    """A similar name that a pod exports, where none exports this one; "" for none."""
    return next((other for other in near_names(name) if _exported(main, other) and not _exported(main, name)), "")


def _exported(main: Timeline, name: str) -> bool:
    return any(sample.pods for sample in main.samples(f"family({name})", 0, math.inf))

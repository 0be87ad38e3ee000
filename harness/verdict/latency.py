"""P95 of every load series before, during and after the incident, whether or not an SLO is about it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from harness.record.event import TREATMENT
from harness.stats.histogram import quantile_ms
from harness.verdict.result import Latency
from harness.verdict.state import DrillState, Span

_P95 = 0.95


def latencies(state: DrillState) -> Iterator[Latency]:
    """The P95 of each load series on the treatment in each part that the drill came to."""
    side = state.sides[TREATMENT]
    for series in sorted(side.series()):
        for part, span in _parts(state):
            buckets = side.total(series, *span).hist.merged()
            yield Latency(series, part, sum(buckets.values()), quantile_ms(buckets, _P95))


def _parts(state: DrillState) -> Iterator[tuple[Literal["before", "during", "after"], Span]]:
    """The baseline; from the fault to the response; from the recovery, or else the response, to the recovery's end."""
    baseline, fault, response = (state.start(phase) for phase in ("baseline", "fault", "response"))
    frontier = state.sides[TREATMENT].frontier
    if baseline is not None:
        yield "before", (baseline, fault or frontier)
    if fault is not None:
        yield "during", (fault, response or frontier)
    if "recovery" in state.phase_ended_s:
        end = state.end("recovery")
        yield "after", (state.recovered_since or state.start("recovery") or end, end)

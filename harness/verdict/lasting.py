"""For how long a recovery has lasted, and must last: a shorter calm may precede another onset, or be a spell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.record.event import TREATMENT
from harness.verdict.change import evidence_start, since
from harness.verdict.measurement import seconds_with_data
from harness.verdict.state import DrillState, Span


@dataclass(frozen=True)
class Lasting:
    """How long the SLOs have held, the one with the least data counting, and how long they must, in seconds."""

    lasted_s: float
    needed_s: float


def lasting(state: DrillState, spans: Mapping[str, Span]) -> Lasting | None:
    """For the span in which each SLO holds, on the treatment; None without spans."""
    begin = state.begin_of(spans)
    if begin is None:
        return None
    held = [seconds_with_data(slo.objective, state.window(TREATMENT, *spans[slo.name])) for slo in state.slos]
    return Lasting(min(held, default=0.0), state.lasting_s(begin))


def spans_to(state: DrillState, end: float) -> dict[str, Span]:
    """The spans to `end` in which the SLOs hold after the response began, and else in which their evidence counts."""
    spans, start = dict[str, Span](), state.start("response")
    if start is None:
        return spans
    for slo in state.slos:
        window = state.window(TREATMENT, start, max(start, end))
        begin = since(state.question(slo), window)
        spans[slo.name] = (evidence_start(slo.objective, window) if begin is None else begin, window.end)
    return spans

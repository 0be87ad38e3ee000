"""When an incident was detected and when it was over, in seconds since the fault, with confidence intervals."""

from __future__ import annotations

from harness.record.events import TREATMENT
from harness.verdict.change import bounds, since
from harness.verdict.result import Times
from harness.verdict.state import DrillState, Span

SAMPLE_S = 1.0
"""Period of the probes: what a sample shows began at most so long before."""


def times_of(state: DrillState) -> Times:
    """The times of a drill; empty before its fault."""
    fault = state.phase_started_s.get("fault")
    if fault is None:
        return Times()
    recovered = state.recovered_since
    return Times(
        detect_s=_rounded(min(state.symptoms_seen_s.values()) - fault) if state.symptoms_seen_s else None,
        onset_interval_s=_shifted(_onset(state), fault),
        recover_s=None if recovered is None else _rounded(recovered - fault),
        recover_interval_s=_shifted(_recovery(state), fault),
    )


def _rounded(seconds: float) -> float:
    return max(0.0, round(seconds, 2))  # a slice may have begun a little before the fault


def _shifted(span: Span | None, fault: float) -> Span | None:
    return None if span is None else (_rounded(span[0] - fault), _rounded(span[1] - fault))


def _onset(state: DrillState) -> Span | None:
    """Confidence interval for the onset of the symptom that was seen first."""
    start = state.start("fault")
    if not state.symptoms_seen_s or start is None:
        return None
    first = min(state.symptoms_seen_s, key=lambda number: state.symptoms_seen_s[number])
    at, condition = state.symptoms_seen_s[first], state.symptoms[first].condition
    if condition is None or condition.theta is None:
        return max(start, at - SAMPLE_S), at
    question, window = state.symptom_question(condition), state.window(TREATMENT, start, at)
    begun = since(question, window)
    return bounds(question, window, at if begun is None else begun)


def _recovery(state: DrillState) -> Span | None:
    """Confidence interval for the recovery, which is that of the SLO that recovers last."""
    start = state.start("response")
    if not state.recovery_spans or start is None:
        return None
    spans = [
        bounds(state.question(slo), state.window(TREATMENT, start, span[1]), span[0])
        for slo in state.slos
        for span in (state.recovery_spans[slo.name],)
        if slo.objective.series is not None and slo.name in state.slos_broken_s
    ]
    return None if not spans else (max(low for low, _ in spans), max(high for _, high in spans))

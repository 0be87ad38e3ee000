"""When an incident was detected and when it was over, in seconds since the fault, with confidence intervals."""

from __future__ import annotations

from harness.record.event import TREATMENT
from harness.verdict.change import bounds, since
from harness.verdict.result import Times
from harness.verdict.state import DrillState, Slo, Span
from harness.verdict.timeline import slice_until


def times_of(state: DrillState) -> Times:
    """The times of a drill, from the moment at which the fault was active on the treatment; empty before it."""
    if "fault" not in state.phase_started_s:
        return Times()
    fault, recovered = state.applied_s(TREATMENT), state.recovered_since
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
    if not state.symptoms_seen_s:
        return None
    first = min(state.symptoms_seen_s, key=lambda number: state.symptoms_seen_s[number])
    at, condition = state.symptoms_seen_s[first], state.symptoms[first].condition
    if condition is None:
        return None
    question, window = state.symptom_question(condition), state.window(TREATMENT, _fault_slice(state), at)
    begun = None if condition.theta is None else since(question, window)
    return bounds(question, window, at if begun is None else begun)


def _fault_slice(state: DrillState) -> float:
    """Begin of the slice in which the fault became active on the treatment."""
    return slice_until(state.applied_s(TREATMENT))


def _recovery(state: DrillState) -> Span | None:
    """Confidence interval for the recovery, which is that of the SLO that recovers last.

    Of the same SLOs as `recovered_since`: the latest of several moments lies between the latest of their bounds.
    """
    start = state.start("response")
    if not state.recovery_spans or start is None:
        return None
    spans = [_of_slo(state, slo, start) for slo in state.broken or state.slos]
    return max(low for low, _ in spans), max(high for _, high in spans)


def _of_slo(state: DrillState, slo: Slo, start: float) -> Span:
    begin, end = state.recovery_spans[slo.name]
    return bounds(state.question(slo), state.window(TREATMENT, start, end), begin)

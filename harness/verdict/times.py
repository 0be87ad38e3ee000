"""When an incident was detected and when it was over, in seconds since the fault, and how sure these moments are."""

from __future__ import annotations

from harness.verdict.change import bounds, since
from harness.verdict.result import Times
from harness.verdict.state import TREATMENT, Span, Trial

LOOK_S = 1.0
"""A service is looked at so often: what was seen began at most so long before."""


def times_of(trial: Trial) -> Times:
    """Times of a drill; empty before its fault."""
    fault = trial.phases.get("fault")
    if fault is None:
        return Times()
    recovered = trial.recovered_since
    return Times(
        detect_s=_rounded(min(trial.seen.values()) - fault) if trial.seen else None,
        onset_interval_s=_shifted(_onset(trial), fault),
        recover_s=None if recovered is None else _rounded(recovered - fault),
        recover_interval_s=_shifted(_recovery(trial), fault),
    )


def _rounded(seconds: float) -> float:
    return max(0.0, round(seconds, 2))  # a slice may have begun a little before the fault


def _shifted(span: Span | None, fault: float) -> Span | None:
    return None if span is None else (_rounded(span[0] - fault), _rounded(span[1] - fault))


def _onset(trial: Trial) -> Span | None:
    """When the symptom that was seen first had begun."""
    start = trial.start("fault")
    if not trial.seen or start is None:
        return None
    first = min(trial.seen, key=lambda number: trial.seen[number])
    at, condition = trial.seen[first], trial.symptoms[first].condition
    if condition is None or condition.theta is None or not condition.measure.is_load:
        return max(start, at - LOOK_S), at
    terms = trial.symptom_terms(condition)
    begun = since(condition, trial.sides[TREATMENT], start, at, terms)
    return bounds(condition, trial.sides[TREATMENT], start, at, terms, at if begun is None else begun)


def _recovery(trial: Trial) -> Span | None:
    """The SLOs that broke are back when the last of them is: the latest of the earliest moments, and of the latest."""
    start, main = trial.start("response"), trial.sides[TREATMENT]
    if not trial.recovered or start is None:
        return None
    spans = [
        bounds(slo.objective, main, start, trial.recovered[slo.name][1], trial.terms(slo), trial.recovered[slo.name][0])
        for slo in trial.slos
        if slo.objective.measure.is_load and slo.name in trial.broken
    ]
    return None if not spans else (max(low for low, _ in spans), max(high for _, high in spans))

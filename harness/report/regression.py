"""A comparison of a run with its pinned baselines, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.history.profile import Measured
from harness.history.regression import Judgement, Outcome
from harness.report.format import as_json, printable
from harness.report.history import baseline_json, revision, when
from harness.stats.prediction import POWER, Prediction

_MARKS = {Outcome.REGRESSED: "✗", Outcome.NO_ALARM: "✓", Outcome.NOT_COMPARABLE: "?"}


def to_text(judgements: Sequence[Judgement], why: str = "") -> str:
    """One block per scenario: the outcome, the ratio with its interval, and the smallest effect that can be found."""
    if why:
        return printable(f"? not comparable: {why}\n")
    return printable("".join(f"{line}\n" for each in judgements for line in _lines(each)))


def _lines(judgement: Judgement) -> Iterator[str]:
    first = judgement.runs[0]
    run = f"run {first.run.number} ({when(first.run.started_s)} UTC, revision {revision(first.run)})"
    yield f"{_MARKS[judgement.outcome]} {first.load.scenario}: {judgement.outcome.value}: {run}"
    yield from (f"    {reason}" for reason in judgement.reasons)
    if judgement.prediction is not None:
        yield from _figures(judgement, judgement.prediction)


def _figures(judgement: Judgement, found: Prediction) -> Iterator[str]:
    values = ", ".join(f"{each.point.p95:.4g}" for each in judgement.runs)
    several = f", mean of {len(judgement.runs)} runs" if len(judgement.runs) > 1 else ""
    yield f"    P95 of {judgement.runs[0].load.series}: {values} ms; {judgement.runs[0].load.arrivals} arrivals"
    confidence = f"{100 * (1 - 2 * judgement.alpha):.4g} %"
    yield f"    ratio {found.ratio:.3f}{several}, interval [{found.low:.3f}, {found.high:.3f}] at {confidence}"
    yield f"    chance explains up to {found.limit:.3f} (one-sided α = {100 * judgement.alpha:.3g} %)"
    yield f"    smallest change found with a probability of {100 * POWER:g} %: {_percent(found.detectable)}"
    if found.exponent is not None:
        yield f"    adjusted for the reference, with P95 in proportion to its power {found.exponent:.2g}"
    if judgement.first is not None:
        yield f"    run {judgement.runs[0].run.number} alone: ratio {judgement.first.ratio:.3f}"


def _percent(factor: float) -> str:
    return f"{100 * (factor - 1):+.3g} %"


def to_json(judgements: Sequence[Judgement], why: str = "") -> str:
    """The same for programs."""
    return as_json({"why": why, "scenarios": [_judgement_json(each) for each in judgements]})


def _judgement_json(judgement: Judgement) -> dict[str, object]:
    return {
        "scenario": judgement.runs[0].load.scenario,
        "series": judgement.runs[0].load.series,
        "outcome": judgement.outcome.value,
        "reasons": list(judgement.reasons),
        "alpha": judgement.alpha,
        "runs": [_measured_json(each) for each in judgement.runs],
        "baseline": None if judgement.baseline is None else baseline_json(judgement.baseline),
        "prediction": _prediction_json(judgement.prediction),
        "first": _prediction_json(judgement.first),
    }


def _measured_json(each: Measured) -> dict[str, object]:
    quantile, load = each.quantile, each.load
    return {
        "run": each.run.number,
        "p95_ms": None if quantile is None else quantile.value_ms,
        "interval_ms": None if quantile is None else [quantile.low_ms, quantile.high_ms],
        "arrivals": load.arrivals,
        "window_s": load.window_s,
        "reference_ms": load.reference_ms,
    }


def _prediction_json(found: Prediction | None) -> dict[str, object] | None:
    if found is None:
        return None
    return {
        "ratio": round(found.ratio, 6),
        "interval": [round(found.low, 6), round(found.high, 6)],
        "limit": round(found.limit, 6),
        "detectable": round(found.detectable, 6),
        "exponent": None if found.exponent is None else round(found.exponent, 4),
    }

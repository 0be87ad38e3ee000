"""The page of a regression: outcome and reason, and P95 of the baseline's runs with what they predict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from harness.history.profile import Measured
from harness.history.regression import Judgement, Outcome
from harness.report.history import profile_text, revision, show_ends, when
from harness.report.pages.frame import Filters, page
from harness.report.pages.plots import Curve, Ends, Plot, PlotGroup, anchor, group_of_names, known_ends
from harness.stats.prediction import POWER, Prediction
from harness.verdict.charts import Limit

_CLASSES = {Outcome.REGRESSED: "failed", Outcome.NO_ALARM: "passed", Outcome.NOT_COMPARABLE: "inconclusive"}
_WORST_FIRST = (Outcome.REGRESSED, Outcome.NOT_COMPARABLE, Outcome.NO_ALARM)


def to_html(judgements: Sequence[Judgement], why: str = "") -> str:
    """All judgements as one HTML page, without anything that is loaded from elsewhere."""
    filters: Filters = {
        "anchor": lambda name: anchor(name, "scenario"), "when": when, "revision": revision, "profile": profile_text,
        "plots": plots_of, "role": role, "outcome_class": _CLASSES.__getitem__, "runs": runs_of,
        "ends": show_ends,
    }  # fmt: skip
    worst = min(judgements, key=lambda each: _WORST_FIRST.index(each.outcome), default=None)
    outcome = worst.outcome if worst else Outcome.NOT_COMPARABLE
    sentence = f"{worst.runs[0].load.scenario}: {reason(worst)}" if worst else why
    values = {"judgements": judgements, "outcome": outcome, "sentence": sentence, "power": POWER}
    return page("regression.html.j2", filters, **values)


def reason(judgement: Judgement) -> str:
    """The sentence that explains the outcome of one scenario."""
    found = judgement.prediction
    if found is None:
        return judgement.reasons[0]
    of = "" if len(judgement.runs) == 1 else f", in the mean of {len(judgement.runs)} runs,"
    change = f"{abs(found.ratio - 1):.1%} {'higher' if found.ratio > 1 else 'lower'}"
    interval, limit = f"[{found.low - 1:+.1%}, {found.high - 1:+.1%}]", f"{found.limit - 1:+.1%}"
    n = judgement.runs[0].load.arrivals
    return f"P95{of} is {change} {interval} than the baseline predicts, and chance explains up to {limit} (n {n})"


def runs_of(judgement: Judgement) -> list[Measured]:
    """The runs of the baseline and the judged ones, oldest first."""
    pinned = judgement.baseline.runs if judgement.baseline else ()
    found = {each.run.number: each for each in (*pinned, *judgement.runs)}
    return sorted(found.values(), key=lambda each: each.run.started_s)


def role(each: Measured, judgement: Judgement) -> str:
    """What a run is in a judgement: `judged`, `re-run` or `baseline`."""
    numbers = [one.run.number for one in judgement.runs]
    if each.run.number not in numbers:
        return "baseline"
    return "judged" if each.run.number == numbers[0] else "re-run"


def plots_of(judgement: Judgement) -> PlotGroup:
    """P95 of every run, oldest first; with a reference, adjusted to the speed of the machine at the judged runs."""
    runs = runs_of(judgement)
    names = [f"run {each.run.number} ({role(each, judgement)}, {when(each.run.started_s)} UTC)" for each in runs]
    curves = tuple(_curves(runs, judgement))
    plot = Plot(
        f"P95 of {judgement.runs[0].load.series}", "ms", tuple(map(float, range(len(runs)))),
        curves, _limits(judgement), known_ends(curves),
    )  # fmt: skip
    ticks = [str(each.run.number) for each in runs]
    return group_of_names(anchor(judgement.runs[0].load.scenario, "scenario"), [plot], names, ticks)


def _curves(runs: Sequence[Measured], judgement: Judgement) -> list[Curve]:
    judged = [each if role(each, judgement) != "baseline" else None for each in runs]
    pinned = [each if role(each, judgement) == "baseline" else None for each in runs]
    found = judgement.prediction
    adjusted = found is not None and found.exponent is not None
    scale = [_factor(each, judgement.runs, found) for each in runs]
    suffix = ", adjusted to the same speed of the machine" if adjusted else ""
    curves = [
        Curve(f"judged run and re-runs{suffix}", "control", *_dots(judged, scale)),
        Curve(f"baseline{suffix}", "treatment", *_dots(pinned, scale)),
    ]
    measured = Curve("as measured", "second", tuple(_p95(each) for each in runs), dots=True)
    return [*curves, measured] if adjusted else curves


def _dots(
    runs: Sequence[Measured | None], scale: Sequence[float]
) -> tuple[tuple[float | None, ...], bool, tuple[Ends, ...]]:
    """Values, that they are dots, and intervals."""
    quantiles = [each.quantile if each else None for each in runs]
    pairs = list(zip(quantiles, scale, strict=True))
    values = tuple(None if each is None else round(each.value_ms * factor, 2) for each, factor in pairs)
    ends = tuple(
        (None, None)
        if each is None
        else (each.low_ms * factor, None if each.high_ms is None else each.high_ms * factor)
        for each, factor in pairs
    )
    return values, True, ends


def _factor(each: Measured, judged: Sequence[Measured], found: Prediction | None) -> float:
    """What makes P95 of a run that of the machine's speed at the judged runs, by the line of stats/prediction.py."""
    here, there = each.load.reference_ms, [one.load.reference_ms for one in judged]
    if found is None or found.exponent is None or here is None:
        return 1.0
    at = fmean(math.log(one) for one in there if one is not None)
    return math.exp(found.exponent * (at - math.log(here)))


def _p95(each: Measured) -> float | None:
    return None if each.quantile is None else each.quantile.value_ms


def _limits(judgement: Judgement) -> tuple[Limit, ...]:
    """The largest P95 that chance explains, for the mean of the judged runs."""
    found = judgement.prediction
    if found is None:
        return ()
    mean = math.exp(fmean(math.log(each.point.p95) for each in judgement.runs))
    predicted, limit = mean / found.ratio, mean / found.ratio * found.limit
    of = f" of the mean of {len(judgement.runs)} runs" if len(judgement.runs) > 1 else ""
    return (
        Limit(f"predicted{of}: {predicted:.4g} ms", round(predicted, 2)),
        Limit(f"limit{of}: {limit:.4g} ms, α = {100 * judgement.alpha:.3g} %", round(limit, 2)),
    )

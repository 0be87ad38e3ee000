"""Converts one objective of an OpenSLO document to the condition that a drill judges.

The share of good events that an objective requires is its `target` (budgetingMethod Occurrences) or its
`timeSliceTarget` (Timeslices). A timeSliceTarget of 1 is how OpenSLO expresses "always". The keys of
`metricSource.spec` are our own: docs/reference/slos.md.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from harness.conditions import Condition, Measure, measure_named, parse
from harness.errors import ConditionError
from harness.measures.base import digits
from harness.measures.load import FractionMeasure
from harness.measures.openslo import SYMBOLS, TYPE
from harness.measures.source import quoted
from harness.schema.tree import Tree


class ObjectiveError(Exception):
    """A valid document with an objective that cannot be judged: the value, its path below the SLO, and why."""

    def __init__(self, tree: Tree, path: str, fact: str) -> None:
        super().__init__(fact)
        self.tree, self.path, self.fact = tree, path, fact


@dataclass(frozen=True)
class Objective:
    """One objective, its indicator's spec, and the share of good events that it requires, in (0, 1]."""

    indicator: Tree
    tree: Tree
    share: float


def condition_of(objective: Objective) -> Condition:
    """Return the condition that is equivalent to an objective. Raises ObjectiveError."""
    threshold = objective.indicator.at("thresholdMetric", "metricSource")
    text = _of_threshold(objective, _spec(threshold)) if threshold else _of_ratio(objective)
    try:
        condition = parse(text)
    except ConditionError as error:
        raise ObjectiveError(objective.tree, "objective", str(error)) from None
    if condition.theta is not None and not math.isclose(condition.theta, 1 - objective.share, rel_tol=1e-3):
        fact = f"{objective.share} has more digits than `{text}` can express; write at most seven nines"
        raise ObjectiveError(objective.tree, "target", fact)
    return condition


def _spec(source: Tree) -> Tree:
    """The spec of a metricSource of our own type."""
    if source.text("type") != TYPE:
        fact = f"`{source.text('type') or ''}` is not supported; use type {TYPE} (docs/reference/slos.md)"
        raise ObjectiveError(source, "metricSource.type", fact)
    return source.fields["spec"]


def _check_keys(spec: Tree, *keys: str) -> None:
    for key, item in spec.fields.items():
        if key not in keys:
            raise ObjectiveError(item, f"metricSource.spec.{key}", f"unknown key; known keys: {', '.join(keys)}")


def _text(spec: Tree, key: str) -> str:
    text = spec.text(key)
    if not text:
        raise ObjectiveError(spec, f"metricSource.spec.{key}", "missing; write text (docs/reference/slos.md)")
    return text


def _of_threshold(objective: Objective, spec: Tree) -> str:
    tree = objective.tree
    op, value = SYMBOLS[tree.text("op") or ""], tree.number("value") or 0.0
    if ("series" in spec.fields) == ("measure" in spec.fields):
        fact = "give one of `series` (a latency in ms) and `measure` (docs/reference/slos.md)"
        raise ObjectiveError(spec, "metricSource.spec", fact)
    return (_of_measure if "measure" in spec.fields else _of_latency)(objective, spec, op, value)


def _of_latency(objective: Objective, spec: Tree, op: str, value: float) -> str:
    _check_keys(spec, "series", "unit")
    if "unit" in spec.fields and spec.text("unit") != "ms":
        raise ObjectiveError(spec.fields["unit"], "metricSource.spec.unit", "must be `ms`; write value in ms")
    if op not in ("<", "<=") or value <= 0:
        fact = "a latency SLO has an upper limit: write op lt or lte and value above 0"
        raise ObjectiveError(objective.tree, "op", fact)
    quantile = f"{objective.share * 100:g}"
    if objective.share == 1 or abs(float(quantile) - objective.share * 100) > 1e-7:
        fact = "the share of a latency SLO is below 1 and has at most 6 digits, such as 0.99"
        raise ObjectiveError(objective.tree, "target", fact)
    return f"p{quantile}({quoted(_text(spec, 'series'))}) {op} {digits(value)}ms"


def _of_measure(objective: Objective, spec: Tree, op: str, value: float) -> str:
    _check_keys(spec, "measure")
    measure = _text(spec, "measure").strip()
    function = measure.split("(")[0].strip()
    measured = measure_named(function) or Measure
    if issubclass(measured, FractionMeasure):
        fact = f"`{function}` counts arrivals: write `series`, and the share as target (docs/reference/slos.md)"
        raise ObjectiveError(spec, "metricSource.spec.measure", fact)
    if objective.share != 1:
        fact = (
            f"`{function}` must meet its limit in every sample: write budgetingMethod Timeslices and timeSliceTarget 1"
        )
        raise ObjectiveError(objective.tree, "timeSliceTarget", fact)
    try:
        return measured.from_threshold(measure, op, value)
    except ValueError as error:
        raise ObjectiveError(objective.tree, "op", str(error)) from None


def _of_ratio(objective: Objective) -> str:
    ratio = objective.indicator.fields["ratioMetric"]
    if "raw" in ratio.fields:
        fact = "a ratio that was computed elsewhere has no counts to judge; give good or bad, and total"
        raise ObjectiveError(ratio.fields["raw"], "raw", fact)
    side = "good" if "good" in ratio.fields else "bad"
    part, total = (_spec(ratio.fields[key].fields["metricSource"]) for key in (side, "total"))
    return (_of_arrivals if "series" in part.fields else _of_counters)(objective, side, part, total)


def _of_arrivals(objective: Objective, side: str, part: Tree, total: Tree) -> str:
    _check_arrivals(side, part, total)
    series, kinds = quoted(_text(part, "series")), _kinds(part)
    share = objective.share
    if share == 1:
        return _no_arrival(objective, series, kinds)
    if side == "good":
        return f"availability({series}) >= {digits(share * 100)}%"
    status = re.fullmatch(r"http_(\d{3})", kinds[0]) if len(kinds) == 1 else None
    arguments = ", ".join((series, *map(quoted, kinds)))
    measure = f"status({series}, {status[1]})" if status else f"error_rate({arguments})"
    return f"{measure} <= {digits((1 - share) * 100)}%"


def _check_arrivals(side: str, part: Tree, total: Tree) -> None:
    _check_keys(part, "series", "events", *(("kinds",) if side == "bad" else ()))
    _check_keys(total, "series", "events")
    series = _text(part, "series")
    if _text(total, "series") != series:
        fact = f"must be `{series}`, the series that `{side}` counts"
        raise ObjectiveError(total, "total.metricSource.spec.series", fact)
    for spec, events, key in ((part, side, side), (total, "all", "total")):
        if _text(spec, "events") != events:
            raise ObjectiveError(spec, f"{key}.metricSource.spec.events", f"must be `{events}` below `{key}`")


def _no_arrival(objective: Objective, series: str, kinds: tuple[str, ...]) -> str:
    if len(kinds) != 1:
        fact = "a share of 1 cannot be proven by samples; write one below 1, or `bad` with exactly one of `kinds`"
        raise ObjectiveError(objective.tree, "timeSliceTarget", fact)
    return f"count({series}, {quoted(kinds[0])}) == 0"


def _kinds(part: Tree) -> tuple[str, ...]:
    listed = part.at("kinds")
    if listed is None:
        return ()
    found = tuple(item.value for item in listed.items if isinstance(item.value, str) and item.value)
    if not found or len(found) != len(listed.items):
        fact = "expected a list of kinds, such as [timeout, http_503]"
        raise ObjectiveError(listed, "bad.metricSource.spec.kinds", fact)
    return found


def _of_counters(objective: Objective, side: str, part: Tree, total: Tree) -> str:
    for spec in (part, total):
        _check_keys(spec, "deployment", "metric")
    deployment = _text(part, "deployment")
    if _text(total, "deployment") != deployment:
        fact = f"must be `{deployment}`, as below `{side}`"
        raise ObjectiveError(total, "total.metricSource.spec.deployment", fact)
    if objective.share == 1:
        fact = "the share of two counters must be below 1; for one that must not grow use `measure: increase(…)`"
        raise ObjectiveError(objective.tree, "timeSliceTarget", fact)
    arguments = ", ".join(quoted(each) for each in (deployment, _text(part, "metric"), _text(total, "metric")))
    share = objective.share if side == "good" else 1 - objective.share
    return f"ratio({arguments}) {'>=' if side == 'good' else '<='} {digits(share * 100)}%"

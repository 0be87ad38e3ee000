"""From an OpenSLO document to the condition that it is.

The share of good events that an objective promises is its `target` (budgetingMethod Occurrences), or its
`timeSliceTarget` (Timeslices): a share of 1 in every slice is how OpenSLO says "always". Our words in
`metricSource.spec` are in docs/reference/slos.md.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from harness.conditions import Condition, parse
from harness.errors import ConditionError
from harness.schema.tree import Tree
from harness.slo.words import STATES, SYMBOLS, TYPE, argument


class MeaningError(Exception):
    """A valid document that promises nothing this project can judge: where, below the SLO, and why."""

    def __init__(self, tree: Tree, path: str, fact: str) -> None:
        super().__init__(fact)
        self.tree, self.path, self.fact = tree, path, fact


@dataclass(frozen=True)
class Promise:
    """One objective with its indicator's spec and the share of good events that it promises, in (0, 1]."""

    indicator: Tree
    objective: Tree
    share: float


def condition_of(promise: Promise) -> Condition:
    """The condition that a promise is; raises MeaningError."""
    threshold = promise.indicator.at("thresholdMetric", "metricSource")
    sentence = _of_threshold(promise, _spec(threshold)) if threshold else _of_ratio(promise)
    try:
        condition = parse(sentence)
    except ConditionError as error:
        raise MeaningError(promise.objective, "objective", str(error)) from None
    if condition.theta is not None and not math.isclose(condition.theta, 1 - promise.share, rel_tol=1e-3):
        fact = f"{promise.share} has more digits than `{sentence}` can say; write at most seven nines"
        raise MeaningError(promise.objective, "target", fact)
    return condition


def _spec(source: Tree) -> Tree:
    """Our own words below a metricSource."""
    if source.text("type") != TYPE:
        fact = f"`{source.text('type') or ''}` is not supported; the type is {TYPE} (docs/reference/slos.md)"
        raise MeaningError(source, "metricSource.type", fact)
    return source.fields["spec"]


def _known(spec: Tree, *keys: str) -> None:
    for key, item in spec.fields.items():
        if key not in keys:
            raise MeaningError(item, f"metricSource.spec.{key}", f"not known here; known are {', '.join(keys)}")


def _word(spec: Tree, key: str) -> str:
    word = spec.text(key)
    if not word:
        raise MeaningError(spec, f"metricSource.spec.{key}", "missing; it is text (docs/reference/slos.md)")
    return word


def _of_threshold(promise: Promise, spec: Tree) -> str:
    objective = promise.objective
    op, value = SYMBOLS[objective.text("op") or ""], objective.number("value") or 0.0
    if ("series" in spec.fields) == ("measure" in spec.fields):
        raise MeaningError(
            spec, "metricSource.spec", "give one of `series` (a latency in ms) and `measure` (docs/reference/slos.md)"
        )
    if "measure" in spec.fields:
        return _of_measure(promise, spec, op, value)
    _known(spec, "series", "unit")
    if "unit" in spec.fields and spec.text("unit") != "ms":
        raise MeaningError(
            spec.fields["unit"], "metricSource.spec.unit", "a latency is in `ms` here; write value in ms"
        )
    if op not in ("<", "<=") or value <= 0:
        fact = "a latency's promise is to stay below a positive number: write op lt or lte and value above 0"
        raise MeaningError(objective, "op", fact)
    quantile = f"{promise.share * 100:g}"
    if promise.share == 1 or abs(float(quantile) - promise.share * 100) > 1e-7:
        raise MeaningError(objective, "target", "a latency's share is below 1 and has at most 6 digits, such as 0.99")
    return f"p{quantile}({argument(_word(spec, 'series'))}) {op} {_number(value)}ms"


def _of_measure(promise: Promise, spec: Tree, op: str, value: float) -> str:
    _known(spec, "measure")
    measure = _word(spec, "measure").strip()
    fn = measure.split("(")[0].strip()
    if re.fullmatch(r"p\d+(\.\d+)?", fn) or fn in ("error_rate", "availability", "status"):
        fact = f"`{fn}` counts arrivals: write `series`, and the share as target (docs/reference/slos.md)"
        raise MeaningError(spec, "metricSource.spec.measure", fact)
    if promise.share != 1:
        fact = f"`{fn}` has to hold at every look: write budgetingMethod Timeslices and timeSliceTarget 1"
        raise MeaningError(promise.objective, "timeSliceTarget", fact)
    if fn in STATES:
        if (op, value) not in (("<", 1), ("<=", 0)):
            bad, good = STATES[fn]
            fact = f"`{fn}` is 1 when {bad}, 0 when {good}; write op lte and value 0, for {good}"
            raise MeaningError(promise.objective, "op", fact)
        return f"{measure} == {STATES[fn][1]}"
    unit = {"quantile": "ms", "ratio": "%"}.get(fn, "")
    return f"{measure} {op} {_number(value * 100 if unit == '%' else value)}{unit}"


def _of_ratio(promise: Promise) -> str:
    ratio = promise.indicator.fields["ratioMetric"]
    if "raw" in ratio.fields:
        fact = "a ratio that somebody else computed has no counts to judge by; give good or bad, and total"
        raise MeaningError(ratio.fields["raw"], "raw", fact)
    side = "good" if "good" in ratio.fields else "bad"
    part, total = (_spec(ratio.fields[key].fields["metricSource"]) for key in (side, "total"))
    return (_of_arrivals if "series" in part.fields else _of_counters)(promise, side, part, total)


def _of_arrivals(promise: Promise, side: str, part: Tree, total: Tree) -> str:
    _known(part, "series", "events", *(("kinds",) if side == "bad" else ()))
    _known(total, "series", "events")
    series = _word(part, "series")
    if _word(total, "series") != series:
        raise MeaningError(
            total, "total.metricSource.spec.series", f"is not `{series}`, of which `{side}` counts a part"
        )
    for spec, events, where in ((part, side, side), (total, "all", "total")):
        if _word(spec, "events") != events:
            raise MeaningError(spec, f"{where}.metricSource.spec.events", f"`{events}` belongs at `{where}`")
    kinds = _kinds(part)
    share, words = promise.share, [argument(word) for word in (series, *kinds)]
    if share == 1 and len(kinds) == 1:
        return f"count({words[0]}, {words[1]}) == 0"
    if share == 1:
        fact = (
            "no number of arrivals proves a share of 1; write one below, or `bad` with one of `kinds`, which is counted"
        )
        raise MeaningError(promise.objective, "timeSliceTarget", fact)
    if side == "good":
        return f"availability({words[0]}) >= {_number(share * 100)}%"
    status = re.fullmatch(r"http_(\d{3})", kinds[0]) if len(kinds) == 1 else None
    measure = f"status({words[0]}, {status[1]})" if status else f"error_rate({', '.join(words)})"
    return f"{measure} <= {_number((1 - share) * 100)}%"


def _kinds(part: Tree) -> tuple[str, ...]:
    listed = part.at("kinds")
    if listed is None:
        return ()
    found = tuple(item.value for item in listed.items if isinstance(item.value, str) and item.value)
    if not found or len(found) != len(listed.items):
        raise MeaningError(
            listed, "bad.metricSource.spec.kinds", "a list of kinds belongs here, such as [timeout, http_503]"
        )
    return found


def _of_counters(promise: Promise, side: str, part: Tree, total: Tree) -> str:
    for spec in (part, total):
        _known(spec, "deployment", "metric")
    deployment = _word(part, "deployment")
    if _word(total, "deployment") != deployment:
        raise MeaningError(total, "total.metricSource.spec.deployment", f"is not `{deployment}`, as for `{side}`")
    if promise.share == 1:
        fact = "a share of two counters is below 1; for one that must not grow write a `measure` such as increase(…)"
        raise MeaningError(promise.objective, "timeSliceTarget", fact)
    words = ", ".join(argument(word) for word in (deployment, _word(part, "metric"), _word(total, "metric")))
    share = promise.share if side == "good" else 1 - promise.share
    return f"ratio({words}) {'>=' if side == 'good' else '<='} {_number(share * 100)}%"


def _number(value: float) -> str:
    """In digits, without an exponent and without the last bits of a float."""
    return f"{value:.9f}".rstrip("0").rstrip(".")

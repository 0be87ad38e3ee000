"""Converts a one-line condition to the OpenSLO document that it is short for; `to_condition` is the inverse."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.conditions import Condition, Measure
from harness.errors import ConditionError
from harness.schema.tree import Plain
from harness.slo.notation import STATES, SYMBOLS, TYPE, argument

WINDOW, SLICE, SLICES_TARGET = "28d", "1m", 0.999
"""Defaults for what one line cannot state: the time window, and for "always" the slice and its share (99.9 %)."""
_OPERATORS = {symbol: op for op, symbol in SYMBOLS.items()}
_NEVER_NEGATIVE = ("count", "logs", "log_rate", "rate", "increase")


@dataclass(frozen=True)
class _Converted:
    """The parts of a document that depend on its condition; `always`: every slice must be good entirely."""

    service: str
    indicator: dict[str, Plain]
    objective: dict[str, Plain]
    always: bool = False


def document_of(condition: Condition, name: str, title: str = "") -> dict[str, Plain]:
    """Return the OpenSLO document for a condition. Raises ConditionError when OpenSLO cannot express it."""
    converted = _converted(condition)
    objective: dict[str, Plain] = dict(converted.objective)
    if converted.always:
        objective |= {"target": SLICES_TARGET, "timeSliceTarget": 1, "timeSliceWindow": SLICE}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, **({"displayName": title} if title else {})},
        "spec": {
            "service": converted.service,
            "indicator": {"metadata": {"name": name}, "spec": converted.indicator},
            "timeWindow": [{"duration": WINDOW, "isRolling": True}],
            "budgetingMethod": "Timeslices" if converted.always else "Occurrences",
            "objectives": [objective],
        },
    }


def name_for(title: str, taken: set[str]) -> str:
    """Return a DNS label made from a title that is not in `taken`, and add it there."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or "slo"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found


def _converted(condition: Condition) -> _Converted:
    measure, op = condition.measure, condition.op
    if measure.fn == "p":
        return _latency(condition)
    if measure.fn == "error_rate":
        return _error_rate(condition)
    if measure.fn == "count" and (op, condition.value) in (("==", 0), ("<=", 0)):
        return _Converted(condition.series, _arrivals("bad", *measure.args), {}, always=True)
    if measure.fn == "ratio" and op not in ("==", "!=") and 0 < condition.value < 1:
        return _counters(condition)
    return _sampled(condition)


def _latency(condition: Condition) -> _Converted:
    if not condition.wants_low or condition.value <= 0:
        raise _not_an_slo(condition, "a latency SLO has an upper limit; write < or <=, and a limit above 0")
    indicator: dict[str, Plain] = {"thresholdMetric": _source({"series": condition.series, "unit": "ms"})}
    objective: dict[str, Plain] = {"op": _OPERATORS[condition.op], "value": _tidy(condition.value)}
    return _Converted(condition.series, indicator, {**objective, "target": _complement(condition.theta or 0.0)})


def _error_rate(condition: Condition) -> _Converted:
    theta = condition.theta or 0.0
    if not condition.wants_low:
        raise _not_an_slo(condition, "an SLO limits bad events; write error_rate(…) < or availability(…) >")
    if not 0 < theta < 1:
        fact = "the share must be between 0 % and 100 %; to allow no bad event at all write count(series, kind) == 0"
        raise _not_an_slo(condition, fact)
    side = "good" if condition.text.startswith("availability") else "bad"
    return _Converted(condition.series, _arrivals(side, *condition.measure.args), {"target": _complement(theta)})


def _arrivals(side: str, series: str, *kinds: str) -> dict[str, Plain]:
    part: dict[str, Plain] = {"series": series, "events": side, **({"kinds": list(kinds)} if kinds else {})}
    total = _source({"series": series, "events": "all"})
    return {"ratioMetric": {"counter": True, side: _source(part), "total": total}}


def _counters(condition: Condition) -> _Converted:
    deployment, above, below = condition.measure.args
    low = condition.wants_low
    side, target = ("bad", _complement(condition.value)) if low else ("good", _tidy(condition.value))
    part, total = (_source({"deployment": deployment, "metric": name}) for name in (above, below))
    indicator: dict[str, Plain] = {"ratioMetric": {"counter": True, side: part, "total": total}}
    return _Converted(deployment, indicator, {"target": target})


def _sampled(condition: Condition) -> _Converted:
    """A measure that is sampled and has to meet the condition in every sample."""
    measure, op, value = condition.measure, condition.op, condition.value
    if measure.fn in STATES:
        if (op == "==") != (value == 0):
            raise _not_an_slo(condition, f"an SLO can only require the state {STATES[measure.fn][1]}")
        op, value = "<=", 0.0
    if op == "==" and value == 0 and measure.fn in _NEVER_NEGATIVE:
        op = "<="
    if op not in _OPERATORS:
        raise _not_an_slo(condition, "OpenSLO has no == and no !=; write <, <=, > or >=")
    # The deployment is the first argument of every measure of a service except quantile.
    service = measure.args[1] if measure.fn == "quantile" else measure.args[0]
    objective: dict[str, Plain] = {"op": _OPERATORS[op], "value": _tidy(value)}
    return _Converted(service, {"thresholdMetric": _source({"measure": _text(measure)})}, objective, always=True)


def _not_an_slo(condition: Condition, fact: str) -> ConditionError:
    return ConditionError(f"condition `{condition.text}`: cannot be an SLO: {fact} (docs/reference/slos.md)")


def _source(spec: dict[str, Plain]) -> dict[str, Plain]:
    return {"metricSource": {"type": TYPE, "spec": spec}}


def _text(measure: Measure) -> str:
    return f"{measure.fn}({', '.join(argument(each) for each in measure.args)})"


def _complement(share: float) -> float | int:
    return _tidy(round(1 - share, 9))


def _tidy(value: float) -> float | int:
    """`500` rather than `500.0`."""
    return int(value) if value == int(value) else round(value, 9)

"""From a one-line condition to the OpenSLO document that it is short for; harness/slo/meaning.py is the way back."""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.conditions import Condition, Measure
from harness.errors import ConditionError
from harness.schema.tree import Plain
from harness.slo.words import STATES, SYMBOLS, TYPE, argument

WINDOW, SLICE, SLICES_TARGET = "28d", "1m", 0.999
"""What a sentence does not say: four weeks, rolling; and of "always", that 99.9 % of the minutes are to be so."""
_OPERATORS = {symbol: word for word, symbol in SYMBOLS.items()}
_NEVER_NEGATIVE = ("count", "logs", "log_rate", "rate", "increase")


@dataclass(frozen=True)
class _Written:
    """What of a document depends on its condition; `always`: a share of 1 in every slice."""

    service: str
    indicator: dict[str, Plain]
    objective: dict[str, Plain]
    always: bool = False


def document_of(condition: Condition, name: str, title: str = "") -> dict[str, Plain]:
    """The OpenSLO document that a condition stands for; raises ConditionError where OpenSLO cannot say it."""
    written = _written(condition)
    objective: dict[str, Plain] = dict(written.objective)
    if written.always:
        objective |= {"target": SLICES_TARGET, "timeSliceTarget": 1, "timeSliceWindow": SLICE}
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name, **({"displayName": title} if title else {})},
        "spec": {
            "service": written.service,
            "indicator": {"metadata": {"name": name}, "spec": written.indicator},
            "timeWindow": [{"duration": WINDOW, "isRolling": True}],
            "budgetingMethod": "Timeslices" if written.always else "Occurrences",
            "objectives": [objective],
        },
    }


def name_for(title: str, taken: set[str]) -> str:
    """A name by DNS's rules for a title, unlike those that are taken, to which it is added."""
    plain = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:56].strip("-") or "slo"
    names = (plain if number == 1 else f"{plain}-{number}" for number in range(1, len(taken) + 2))
    found = next(name for name in names if name not in taken)
    taken.add(found)
    return found


def _written(condition: Condition) -> _Written:
    measure, op = condition.measure, condition.op
    if measure.fn == "p":
        return _latency(condition)
    if measure.fn == "error_rate":
        return _share(condition)
    if measure.fn == "count" and (op, condition.value) in (("==", 0), ("<=", 0)):
        return _Written(condition.series, _arrivals("bad", *measure.args), {}, always=True)
    if measure.fn == "ratio" and op not in ("==", "!=") and 0 < condition.value < 1:
        return _counters(condition)
    return _looked_at(condition)


def _latency(condition: Condition) -> _Written:
    if not condition.wants_low or condition.value <= 0:
        raise _unsaid(condition, "a latency's promise is to stay below a number: write < or <=")
    indicator: dict[str, Plain] = {"thresholdMetric": _source({"series": condition.series, "unit": "ms"})}
    objective: dict[str, Plain] = {"op": _OPERATORS[condition.op], "value": _tidy(condition.value)}
    return _Written(condition.series, indicator, {**objective, "target": _rest(condition.theta or 0.0)})


def _share(condition: Condition) -> _Written:
    theta = condition.theta or 0.0
    if not condition.wants_low:
        raise _unsaid(condition, "a promise is few bad events: write error_rate(…) < or availability(…) >")
    if not 0 < theta < 1:
        raise _unsaid(
            condition, "a promise lies between 0 % and 100 %; that no bad event comes is count(series, kind) == 0"
        )
    side = "good" if condition.text.startswith("availability") else "bad"
    return _Written(condition.series, _arrivals(side, *condition.measure.args), {"target": _rest(theta)})


def _arrivals(side: str, series: str, *kinds: str) -> dict[str, Plain]:
    part: dict[str, Plain] = {"series": series, "events": side, **({"kinds": list(kinds)} if kinds else {})}
    return {
        "ratioMetric": {"counter": True, side: _source(part), "total": _source({"series": series, "events": "all"})}
    }


def _counters(condition: Condition) -> _Written:
    deployment, above, below = condition.measure.args
    side, target = ("bad", _rest(condition.value)) if condition.wants_low else ("good", _tidy(condition.value))
    part, total = (_source({"deployment": deployment, "metric": name}) for name in (above, below))
    return _Written(deployment, {"ratioMetric": {"counter": True, side: part, "total": total}}, {"target": target})


def _looked_at(condition: Condition) -> _Written:
    measure, op, value = condition.measure, condition.op, condition.value
    if measure.fn in STATES:
        if (op == "==") != (value == 0):
            raise _unsaid(condition, f"a promise is that it is {STATES[measure.fn][1]}")
        op, value = "<=", 0.0
    if op == "==" and value == 0 and measure.fn in _NEVER_NEGATIVE:
        op = "<="
    if op not in _OPERATORS:
        raise _unsaid(condition, "OpenSLO has no == and no != for it: write <, <=, > or >=")
    # The deployment stands first in all measures of a service but one.
    service = measure.args[1] if measure.fn == "quantile" else measure.args[0]
    objective: dict[str, Plain] = {"op": _OPERATORS[op], "value": _tidy(value)}
    return _Written(service, {"thresholdMetric": _source({"measure": _text(measure)})}, objective, always=True)


def _unsaid(condition: Condition, fact: str) -> ConditionError:
    return ConditionError(f"condition `{condition.text}`: cannot be an SLO: {fact} (docs/reference/slos.md)")


def _source(spec: dict[str, Plain]) -> dict[str, Plain]:
    return {"metricSource": {"type": TYPE, "spec": spec}}


def _text(measure: Measure) -> str:
    return f"{measure.fn}({', '.join(argument(word) for word in measure.args)})"


def _rest(share: float) -> float | int:
    return _tidy(round(1 - share, 9))


def _tidy(value: float) -> float | int:
    """`500` rather than `500.0`."""
    return int(value) if value == int(value) else round(value, 9)

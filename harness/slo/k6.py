"""Converts the thresholds of a k6 script's options to OpenSLO documents, and explains which cannot be converted.

Source of the syntax: k6's documentation, "Thresholds": `aggregation operator number` for a metric, `metric{tag:value}`
for its samples with a tag. Trends are in milliseconds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.conditions import parse
from harness.errors import ConditionError, DocumentError
from harness.measures.source import quoted
from harness.schema.tree import Plain
from harness.slo.to_openslo import document_of, name_for

_EXPRESSION = re.compile(
    r"\s*(?P<how>avg|min|max|med|count|rate|value|p\(\s*(?P<q>\d+(?:\.\d+)?)\s*\))\s*(?P<op><=|>=|===?|!=|<|>)"
    r"\s*(?P<value>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*"
)
_REFUSED = {
    "avg": "an average hides slow requests and is not a share of requests; write p(95) or p(99)",
    "min": "the fastest request does not describe the others; write p(95) or p(99)",
    "max": "the slowest request of a run depends on how long it ran; write p(99.9)",
    "count": "the load (open arrivals) determines the count, not the service; write a rate of failures",
    "value": "a gauge of the load generator; use a measure of a service (docs/reference/conditions.md)",
}
_NOT_A_SERVICE = {
    **dict.fromkeys(("http_reqs", "iterations"), "throughput is set by the load; set `rate:` of the runbook"),
    "dropped_iterations": "seconds in which the load generator falls behind are discarded; remove the threshold",
    **dict.fromkeys(("vus", "vus_max"), "the load has arrivals, not virtual users; remove the threshold"),
    **dict.fromkeys(("data_sent", "data_received"), "bytes are not counted; remove the threshold"),
}
_WHOLE = {"http_req_duration": "latency", "http_req_failed": "failures", "checks": "successes"}
"""k6's built-in metrics that a load series measures as well, and what they count."""


@dataclass(frozen=True)
class Imported:
    """OpenSLO documents, one line for each refused threshold, and notes on details that were dropped."""

    documents: tuple[dict[str, Plain], ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]


class _NotImportable(Exception):
    """Why a threshold cannot be converted, and what to write instead."""


def thresholds_of(text: str, place: str) -> dict[str, list[object]]:
    """Return the thresholds by metric from k6's options as JSON. Raises DocumentError when there are none."""
    try:
        options = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{place}: not JSON ({error}); give k6's options as `k6 inspect` prints them") from None
    inner = options.get("options") if isinstance(options, dict) else None
    found = next(
        (each["thresholds"] for each in (options, inner) if isinstance(each, dict) and "thresholds" in each), None
    )
    if not isinstance(found, dict) or not found:
        raise DocumentError(
            f'{place}: has no thresholds; k6\'s options have `"thresholds": {{"http_req_failed": […]}}`'
        )
    return {metric: each if isinstance(each, list) else [each] for metric, each in found.items()}


def convert(thresholds: Mapping[str, list[object]], series: str, mapped: Mapping[str, str]) -> Imported:
    """Convert each threshold to an OpenSLO document, or to the reason why it cannot be converted.

    `series` is the load series for k6's built-in metrics; `mapped` names the series for other and for tagged metrics.
    """
    documents: list[dict[str, Plain]] = []
    refused: list[str] = []
    notes: list[str] = []
    taken: set[str] = set()
    for title, metric, expression, item in _each(thresholds):
        try:
            match = _parsed(expression)
            condition = _condition(metric, match, quoted(_series(metric, series, mapped)))
            document = document_of(parse(condition), name_for(title, taken), title if len(title) < 64 else "")
        except (_NotImportable, ConditionError) as error:
            refused.append(f"{title}: {error}")
            continue
        documents.append(document)
        notes += _notes(title, metric, item)
    unused = [
        f"--series {metric}=…: the thresholds have no such metric" for metric in mapped if metric not in thresholds
    ]
    return Imported(tuple(documents), tuple(refused), (*notes, *unused))


def _each(thresholds: Mapping[str, list[object]]) -> Iterator[tuple[str, str, str, object]]:
    """Title, metric, expression and the original item of each threshold, without duplicates."""
    seen = set[str]()
    for metric, items in thresholds.items():
        for item in items:
            expression = str(item.get("threshold") if isinstance(item, dict) else item)
            title = f"{metric} {expression}"
            if title not in seen:
                yield title, metric, expression, item
            seen.add(title)


def _base(metric: str) -> str:
    """The metric's name without tags."""
    return metric.partition("{")[0]


def _series(metric: str, series: str, mapped: Mapping[str, str]) -> str:
    base = _base(metric)
    if metric in mapped:
        return mapped[metric]
    if metric in _WHOLE:
        return series
    if base in _NOT_A_SERVICE:
        raise _NotImportable(_NOT_A_SERVICE[base])
    what = "covers only some of the requests" if base in _WHOLE else "is not measured by the load"
    raise _NotImportable(f"{what}; if a load series matches it, pass --series '{metric}=SERIES'")


def _parsed(expression: str) -> re.Match[str]:
    match = _EXPRESSION.fullmatch(expression)
    if not match:
        raise _NotImportable("is not a k6 threshold; write aggregation, operator and number, such as p(95)<500")
    if match["how"] in _REFUSED:
        raise _NotImportable(_REFUSED[match["how"]])
    return match


def _condition(metric: str, match: re.Match[str], series: str) -> str:
    how, op, value = match["how"], match["op"], float(match["value"])
    meaning = _WHOLE.get(_base(metric))
    if (how == "rate") != (meaning != "latency") and meaning:
        raise _NotImportable(f"`{how}` does not apply to this metric, which measures {meaning}")
    if how == "rate":
        return _rate(meaning, op, value, series)
    return _latency(match["q"] or "50", op, value, series)


def _latency(quantile: str, op: str, value: float, series: str) -> str:
    if op not in ("<", "<="):
        raise _NotImportable("a latency SLO has an upper limit; write < or <=")
    return f"p{quantile}({series}) {op} {_digits(value)}ms"


def _rate(meaning: str | None, op: str, value: float, series: str) -> str:
    """A rate with an upper limit counts failures, one with a lower limit counts successes."""
    low = op in ("<", "<=")
    if op in ("==", "===", "!=") or meaning == ("successes" if low else "failures"):
        raise _NotImportable("an SLO limits failures; write rate< for failures, rate> for successes")
    return f"{'error_rate' if low else 'availability'}({series}) {op} {_digits(value * 100)}%"


def _digits(value: float) -> str:
    if not math.isfinite(value):
        raise _NotImportable("is not a finite number")
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _notes(title: str, metric: str, item: object) -> Iterator[str]:
    if _base(metric) == "checks":
        yield f"{title}: the load series, not the script, defines bad requests (docs/reference/scenarios.md)"
    if isinstance(item, dict) and item.get("abortOnFail"):
        yield f"{title}: abortOnFail is dropped: a phase ends as soon as it is decided"

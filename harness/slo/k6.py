"""k6 thresholds as SLOs: what of a k6 script's options can be promised here, and why the rest can't.

Source of the syntax: k6's documentation, "Thresholds": `aggregation operator number` for a metric, `metric{tag:value}`
for a part of it. Trends are in milliseconds.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.conditions import parse
from harness.errors import ConditionError, DocumentError
from harness.schema.tree import Plain
from harness.slo.document import document_of, name_for
from harness.slo.words import argument

_EXPRESSION = re.compile(
    r"\s*(?P<how>avg|min|max|med|count|rate|value|p\(\s*(?P<q>\d+(?:\.\d+)?)\s*\))\s*(?P<op><=|>=|===?|!=|<|>)"
    r"\s*(?P<value>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)\s*"
)
_REFUSED = {
    "avg": "an average hides the slow ones and is no share of requests; write p(95) or p(99)",
    "min": "the quickest request says nothing about the others; write p(95) or p(99)",
    "max": "the slowest request of a run depends on how long it ran; write p(99.9)",
    "count": "how many there are is up to the load, whose arrivals are open; write a rate of failures",
    "value": "a gauge of the generator describes the generator; measure the service (docs/reference/conditions.md)",
}
_ELSEWHERE = {
    "http_reqs": "throughput is up to the load, whose arrivals are open: `rate:` of the runbook sets it",
    "iterations": "throughput is up to the load, whose arrivals are open: `rate:` of the runbook sets it",
    "dropped_iterations": "a generator that falls behind makes its seconds no data here; there is nothing to promise",
    **dict.fromkeys(("vus", "vus_max"), "the number of users is k6's; arrivals here are open"),
    **dict.fromkeys(("data_sent", "data_received"), "bytes are not counted here"),
}
_WHOLE = {"http_req_duration": "latency", "http_req_failed": "failures", "checks": "successes"}
"""k6's own metrics that mean what a load series counts, and what they are."""


@dataclass(frozen=True)
class Imported:
    """`documents` are OpenSLO; `refused` says of each other threshold why; `notes` say what became of details."""

    documents: tuple[dict[str, Plain], ...]
    refused: tuple[str, ...]
    notes: tuple[str, ...]


class _NotImportable(Exception):
    """Why a threshold can't be promised here, and what to do instead."""


def thresholds_of(text: str, place: str) -> dict[str, list[object]]:
    """Metric → its thresholds, of k6's options as JSON; raises DocumentError."""
    try:
        options = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{place}: not JSON ({error}); give k6's options, such as `k6 inspect` prints") from None
    inner = options.get("options") if isinstance(options, dict) else None
    found = next(
        (each["thresholds"] for each in (options, inner) if isinstance(each, dict) and "thresholds" in each), None
    )
    if not isinstance(found, dict) or not found:
        raise DocumentError(
            f'{place}: no thresholds in it; k6\'s options have `"thresholds": {{"http_req_failed": […]}}`'
        )
    return {metric: each if isinstance(each, list) else [each] for metric, each in found.items()}


def convert(thresholds: Mapping[str, list[object]], series: str, mapped: Mapping[str, str]) -> Imported:
    """Every threshold as an OpenSLO document or as a reason.

    `series` is the load series that k6's own metrics are about, `mapped` that of other metrics and of tagged parts.
    """
    documents: list[dict[str, Plain]] = []
    refused: list[str] = []
    notes: list[str] = []
    taken: set[str] = set()
    for title, metric, expression, item in _each(thresholds):
        try:
            match = _parsed(expression)
            sentence = _sentence(metric, match, argument(_series(metric, series, mapped)))
            document = document_of(parse(sentence), name_for(title, taken), title if len(title) < 64 else "")
        except (_NotImportable, ConditionError) as error:
            refused.append(f"{title}: {error}")
            continue
        documents.append(document)
        notes += _notes(title, metric, item)
    unused = [f"--series {metric}=…: there is no such metric in it" for metric in mapped if metric not in thresholds]
    return Imported(tuple(documents), tuple(refused), (*notes, *unused))


def _each(thresholds: Mapping[str, list[object]]) -> Iterator[tuple[str, str, str, object]]:
    """Title, metric, expression and the item as it stands; what is said twice comes once."""
    seen = set[str]()
    for metric, items in thresholds.items():
        for item in items:
            expression = str(item.get("threshold") if isinstance(item, dict) else item)
            title = f"{metric} {expression}"
            if title not in seen:
                yield title, metric, expression, item
            seen.add(title)


def _base(metric: str) -> str:
    """Without tags."""
    return metric.partition("{")[0]


def _series(metric: str, series: str, mapped: Mapping[str, str]) -> str:
    base = _base(metric)
    if metric in mapped:
        return mapped[metric]
    if metric in _WHOLE:
        return series
    if base in _ELSEWHERE:
        raise _NotImportable(_ELSEWHERE[base])
    what = "a part of the requests" if base in _WHOLE else "not one of a load series"
    raise _NotImportable(f"is {what}; where a series counts just that, say so by --series '{metric}=SERIES'")


def _parsed(expression: str) -> re.Match[str]:
    match = _EXPRESSION.fullmatch(expression)
    if not match:
        raise _NotImportable("is no threshold that k6 knows: aggregation, operator, number, such as p(95)<500")
    if match["how"] in _REFUSED:
        raise _NotImportable(_REFUSED[match["how"]])
    return match


def _sentence(metric: str, match: re.Match[str], series: str) -> str:
    how, op, value = match["how"], match["op"], float(match["value"])
    meaning = _WHOLE.get(_base(metric))
    if (how == "rate") != (meaning != "latency") and meaning:
        raise _NotImportable(f"`{how}` is no aggregation of this metric; it counts {meaning}")
    if how == "rate":
        return _rate(meaning, op, value, series)
    return _latency(match["q"] or "50", op, value, series)


def _latency(quantile: str, op: str, value: float, series: str) -> str:
    if op not in ("<", "<="):
        raise _NotImportable("a promise is that a latency stays below a number; write < or <=")
    return f"p{quantile}({series}) {op} {_digits(value)}ms"


def _rate(meaning: str | None, op: str, value: float, series: str) -> str:
    """A rate that is to be low is one of failures, one that is to be high is one of successes."""
    low = op in ("<", "<=")
    if op in ("==", "===", "!=") or meaning == ("successes" if low else "failures"):
        raise _NotImportable("a promise is that few fail: write rate< for failures, rate> for successes")
    return f"{'error_rate' if low else 'availability'}({series}) {op} {_digits(value * 100)}%"


def _digits(value: float) -> str:
    if not math.isfinite(value):
        raise _NotImportable("is no number to compare with")
    return f"{value:.9f}".rstrip("0").rstrip(".")


def _notes(title: str, metric: str, item: object) -> Iterator[str]:
    if _base(metric) == "checks":
        yield f"{title}: what is bad is the series' own (docs/reference/scenarios.md), not what the script checks"
    if isinstance(item, dict) and item.get("abortOnFail"):
        yield f"{title}: abortOnFail is not needed: verdicts stop on evidence"

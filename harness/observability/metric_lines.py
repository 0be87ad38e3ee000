"""Checks a dashboard line such as "Prometheus: `validation_errors_total`" in a Prometheus.

The metric exists, it moved in the incident, and it has the labels that the runbook's own queries use. A name under
which Prometheus has nothing, although a similar one works, is a finding with the name that works: a histogram, whose
series have suffixes, and a counter without `_total`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.errors import MonitoringError
from harness.measures.selector import Selector, is_selector
from harness.observability.boards import Found, Window
from harness.observability.prometheus import Prometheus, Series, check_clock

STEP_S = 1.0
_MATCHER = re.compile(r'(\w+)\s*(=~|!=|!~|=)\s*"((?:[^"\\]|\\.)*)"')
RATE = "rate({}[1m])"


@dataclass(frozen=True)
class Matcher:
    """A label that a query of the runbook selects by, such as `route="/v1/infer"`."""

    label: str
    op: str
    value: str

    @property
    def text(self) -> str:
        """As PromQL spells it."""
        return f'{self.label}{self.op}"{self.value}"'


def matchers_in(texts: Sequence[str], metric: str) -> tuple[Matcher, ...]:
    """The label matchers of a metric in the queries of a runbook, each once, in order; `texts` contain the queries."""
    selector = re.compile(rf"\b{re.escape(metric)}(?:_bucket|_count|_sum|_total)?\s*\{{([^}}]*)\}}")
    found = (Matcher(*each) for text in texts for braces in selector.findall(text) for each in _MATCHER.findall(braces))
    return tuple(dict.fromkeys(found))


def check_metric(prometheus: Prometheus, name: str, window: Window, queries: Sequence[str]) -> Found:
    """What Prometheus has of the metric or expression `name`; `queries`: texts of the runbook with its queries.

    Never raises for what Prometheus answers, or does not answer: that is `unknown`, with the reason.
    """
    try:
        check_clock(prometheus)
        if blind := _blind(prometheus, window):
            return Found("unknown", blind)
        if not is_selector(name):
            return _moved(prometheus.over(name, window.start_s, window.end_s, STEP_S), f"`{name}`")
        return _metric(prometheus, name, window, queries)
    except MonitoringError as error:
        return Found("unknown", str(error))


def _blind(prometheus: Prometheus, window: Window) -> str:
    """Why a Prometheus has nothing of this incident: it scraped no target; "" if it scraped one."""
    ups = prometheus.over("up", window.start_s, window.end_s, STEP_S)
    if any(value == 1 for series in ups for _, value in series.points):
        return ""
    errors = [f"{url}: {error}" for url, error in prometheus.targets().items() if error]
    why = f"; {errors[0]}" if errors else "" if ups else "; it has no target"
    return f"Prometheus at {prometheus.api.url} scraped nothing in the incident{why}"


def _metric(prometheus: Prometheus, name: str, window: Window, queries: Sequence[str]) -> Found:
    series = prometheus.over(name, window.start_s, window.end_s, STEP_S)
    bare = Selector.parse(name).name
    if not series:
        return _other_name(prometheus, name, window, queries)
    if missing := _missing_labels(series, matchers_in(queries, bare)):
        return Found("failed", f"`{name}` has {_count(series)}, and {missing}")
    found = _moved(series, f"`{name}`")
    kind = prometheus.kind(bare)
    if kind in ("counter", "unknown") and not bare.endswith("_total") and _only_grows(series):
        fact = f"is a counter without `_total`; `{RATE.format(bare)}` works"
        return Found(found.verdict, found.why, f"`{bare}` {fact}")
    return found


def _other_name(prometheus: Prometheus, name: str, window: Window, queries: Sequence[str]) -> Found:
    """A metric without series of its own name: a family with suffixes, a counter with or without `_total`, or none."""
    bare, _, labels = name.partition("{")
    for other, fact in _candidates(prometheus, bare.strip()):
        whole = f"{other}{'{' if labels else ''}{labels}"
        series = prometheus.over(whole, window.start_s, window.end_s, STEP_S)
        if not series:
            continue
        if missing := _missing_labels(series, matchers_in(queries, bare)):
            return Found("failed", f"`{whole}` has {_count(series)}, and {missing}")
        found = _moved(series, f"`{whole}`")
        return Found(found.verdict, f"`{name}` has no series; {found.why}", f"`{bare}` {fact}")
    return Found("failed", f"no target exports `{name}`, and no histogram, summary or counter of this name")


def _candidates(prometheus: Prometheus, bare: str) -> Iterator[tuple[str, str]]:
    """The names under which a family may have series, each with why that one works."""
    kind = prometheus.kind(bare)
    if kind == "histogram":
        works = f"histogram_quantile(0.95, sum by (le) (rate({bare}_bucket[1m])))"
        yield f"{bare}_count", f"is a histogram, which has no series of its bare name; `{works}` works"
    if kind == "summary":
        yield f"{bare}_count", f"is a summary without quantiles; `{RATE.format(bare + '_count')}` works"
    if bare.endswith("_total"):
        other = bare.removesuffix("_total")
        yield other, f"is exported as `{other}`; that name works"
    else:
        yield f"{bare}_total", f"is a counter, exported with `_total`; `{RATE.format(bare + '_total')}` works"


def _missing_labels(series: Sequence[Series], wanted: Sequence[Matcher]) -> str:
    """The labels of the runbook's queries that the series do not have, as text; "" if they have all."""
    for each in wanted:
        values = sorted({one.labels[each.label] for one in series if each.label in one.labels})
        if not values:
            return f"none has the label `{each.label}` that the runbook selects by (`{each.text}`)"
        if each.op == "=" and each.value not in values:
            return f"none has `{each.text}`, which the runbook selects; there are {', '.join(values[:5])}"
    return ""


def _moved(series: Sequence[Series], what: str) -> Found:
    """Whether any of the series changed, or came or went, in the incident."""
    if not series:
        return Found("failed", f"{what} has no data in the incident")
    values = [value for each in series for _, value in each.points]
    if len(set(values)) < 2:
        return Found("failed", f"{what} has {_count(series)}, which stayed at {values[0]:g} during the incident")
    span = f"moved between {min(values):g} and {max(values):g}"
    return Found("ok", f"{what} has {_count(series)} in Prometheus and {span} during the incident")


def _only_grows(series: Sequence[Series]) -> bool:
    """Whether every series grew from scrape to scrape, as counters do; one that stayed alone says nothing."""
    values = [[value for _, value in each.points] for each in series]
    return any(each[-1] > each[0] for each in values) and all(each == sorted(each) for each in values)


def _count(series: Sequence[Series]) -> str:
    return "1 series" if len(series) == 1 else f"{len(series)} series"

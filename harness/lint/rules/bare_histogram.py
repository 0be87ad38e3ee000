"""RB703: a histogram looked at as if it were a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_HISTOGRAM = lazy(r"^[a-z][a-z0-9_]*_(?:histogram|bucket)(?:\{[^}]*\})?$")
_BOARD = lazy(r"\s*[-*+]\s+\W*(?:prometheus|metrics?|quer(?:y|ies))\b", re.I)
_QUANTILE = lazy(r"histogram_quantile\s*\(\s*[\d.]+\s*,\s*(?!.*\ble\b)(?!.*\bwithout\b)(?P<sum>sum\b[^`\n]*)")


def _check(document: Document) -> Iterator[Hit]:
    for span in document.spans:
        if "_" in span.text and _HISTOGRAM.match(span.text) and _BOARD.match(document.lines[span.place.line - 1]):
            yield Hit(
                span.place,
                f"{shown(span.text)} is a histogram: it has no value of its own; ask `histogram_quantile(0.95, …)`",
            )
        elif "histogram_quantile" in span.text and _QUANTILE.search(span.text):
            yield Hit(span.place, f"{shown(span.text)} sums the buckets away: keep `le`, as in `sum by (le) (rate(…))`")


RULE = Rule(
    code="RB703",
    name="bare-histogram",
    severity=Severity.NOTE,
    summary="A histogram is named as if it had one value.",
    why="A graph of its buckets only rises and shows no latency. Write the query that the reader should run.",
    fires="- Prometheus: `service_latency_histogram`\n",
    silent="- Prometheus: `histogram_quantile(0.95, sum by (le) (rate(service_latency_seconds_bucket[5m])))`\n",
    check=_check,
)

"""RB702: the name of a counter without the ending that Prometheus clients give it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_CONTEXT = lazy(r"\bprometheus\b|\bpromql\b|\bmetrics?\b|\brate\(|\bincrease\(", re.I)
_COUNTER = lazy(
    r"^[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:errors|requests|drops|dropped|failures|failed|retries|timeouts|rejections"
    r"|restarts|processed|received|sent)$"
)


def _check(document: Document) -> Iterator[Hit]:
    for span in document.spans:
        if "_" in span.text and _COUNTER.match(span.text) and _CONTEXT.search(document.lines[span.place.line - 1]):
            yield Hit(span.place, f"the counter {shown(span.text)} lacks `_total`, with which clients expose counters")


RULE = Rule(
    code="RB702",
    name="counter-without-total",
    severity=Severity.NOTE,
    summary="The name of a counter lacks `_total`.",
    why="Clients of Prometheus add `_total` to counters, so that the query for the written name finds nothing, which "
    "looks like no errors.",
    fires="- Prometheus: `websocket_backpressure_drops`\n",
    silent="- Prometheus: `websocket_backpressure_drops_total`\n",
    check=_check,
)

"""PromQL forms of conditions on a share of events, from which alert rules are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from harness.errors import ConditionError


@dataclass(frozen=True)
class Indicator:
    """What a service itself counts of a load series, as selectors: `requests_total{job="shop"}`.

    `total` and `bad` are counters, `latency` is a histogram in seconds; "" for one that the bindings do not give.
    """

    total: str = ""
    bad: str = ""
    latency: str = ""


Indicators = Mapping[str, Indicator]
"""By load series."""


@dataclass(frozen=True)
class BadShare:
    """The bad events among all: sums of counters, each a selector. `good`: `part` counts the good ones instead."""

    part: tuple[str, ...]
    total: tuple[str, ...]
    good: bool = False

    def over(self, window: str) -> str:
        """The PromQL expression of the bad share over a window, such as `5m`."""
        total = _sum(self.total, window)
        if self.good:
            return f"1 - ({_sum(self.part, window)}) / ({total})"
        part = _sum(self.part, window)
        return f"({part}{' or vector(0)' if self.part_in_total else ''}) / ({total})"

    @property
    def part_in_total(self) -> bool:
        """Whether the bad events are among the series of the total, and not counted by a metric of their own."""
        return not self.good and {_metric(each) for each in self.part} <= {_metric(each) for each in self.total}


def selector(metric: str, **labels: str) -> str:
    """A selector with further labels: `name{a="b"}` with c=d is `name{a="b",c="d"}`."""
    name, _, braces = metric.partition("{")
    inner = braces.rpartition("}")[0].strip().rstrip(",")
    added = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"{name.strip()}{{{','.join(filter(None, (inner, added)))}}}"


def suffixed(metric: str, suffix: str) -> str:
    """A selector of a series of a family: `latency{a="b"}` with `_count` is `latency_count{a="b"}`."""
    name, brace, braces = metric.partition("{")
    return f"{name.strip()}{suffix}{brace}{braces}"


def no_rule(text: str, fact: str) -> ConditionError:
    """The error for a condition of which no alert rule can be made: its text and the reason."""
    return ConditionError(f"condition `{text}`: no alert rule: {fact}")


def _metric(text: str) -> str:
    return text.partition("{")[0]


def _sum(selectors: tuple[str, ...], window: str) -> str:
    """A `vector(0)` stands for a label value that no event has had yet, so it needs the same metric in the total."""
    return " + ".join(f"sum(rate({each}[{window}]))" for each in selectors)

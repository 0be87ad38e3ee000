"""Growth of one counter per growth of others: `ratio(realtime, drops, messages + drops) < 1%`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from harness.measures.base import Condition, digits
from harness.measures.growth import Growth, base_of, growth
from harness.measures.metric import Metric
from harness.measures.openslo import OpenSloForm, ratio_of, remainder, tidy
from harness.measures.probe import MetricProbe
from harness.measures.promql import BadShare, Indicators, selector
from harness.measures.reading import Events, Reading
from harness.measures.sampled import SampledMeasure, Samples, check_selector
from harness.measures.source import Source

_PLUS = re.compile(r"\s*\+\s*(?![^{]*\})")
"""A plus outside the braces of labels."""


class Ratio(SampledMeasure):
    """Growth of counters per growth of others, summed over the pods; arguments: the Deployment, the part, the total.

    Each is a counter or a sum of counters, such as `sent + dropped`. A total without its part gives more than 100 %.
    """

    function = "ratio"
    unit = "ratio"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a share: `1%` or `0.01`."""
        source.expect_args(3)
        for argument in source.args[1:]:
            for counter in _PLUS.split(argument):
                check_selector(source, counter)
        return Condition(source.text, cls(source.args), source.op, source.not_negative(("%", "")))

    @property
    def counters(self) -> tuple[Sequence[Metric], Sequence[Metric]]:
        """Those of the part and those of the total."""
        deployment, *sums = self.args
        part, total = ([Metric((deployment, counter)) for counter in _PLUS.split(each)] for each in sums)
        return part, total

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """All counters, each once."""
        return tuple(dict.fromkeys(probe for side in self.counters for each in side for probe in each.probes))

    def readings(self, samples: Samples) -> list[Reading]:
        """The ratios from the second sample on; unknown while the total does not grow or a pod does not answer."""
        grown = self._grown(samples)
        complete = [each.complete for each in grown]
        readings = []
        for index in range(1, len(grown)):
            base = base_of(complete, index) if complete[index] else None
            readings.append(Reading(grown[index].at_s, None if base is None else _ratio(grown[base], grown[index])))
        return readings

    def events(self, condition: Condition, samples: Samples) -> Events | None:
        """The growth of the total, and that of its bad part, from the first complete sample to the last."""
        grown = [each for each in self._grown(samples) if each.complete]
        if len(grown) < 2:
            return None
        first, last = grown[0], grown[-1]
        part, total = last.part - first.part, last.total - first.total
        return Events(total, part if condition.wants_low else max(0.0, total - part), last.at_s - first.at_s)

    def bad_share(self, condition: Condition, indicators: Indicators, deployment_label: str) -> BadShare:
        """The counters of the Deployment themselves."""
        deployment, *sums = self.args
        part, total = (
            tuple(selector(each, **{deployment_label: deployment}) for each in _PLUS.split(counters))
            for counters in sums
        )
        return BadShare(part, total, good=not condition.wants_low)

    def allowed_bad(self, condition: Condition) -> float | None:
        """The limit of a bad part, or what a good part leaves; None for a limit of none, of all or above."""
        share = condition.value if condition.wants_low else 1 - condition.value
        return share if 0 < share < 1 and condition.op not in ("==", "!=") else None

    def _grown(self, samples: Samples) -> list[_Growth]:
        part, total = (
            [{each.at_s: each for each in growth(samples(counter.key))} for counter in side] for side in self.counters
        )
        times = [at_s for at_s in part[0] if all(at_s in counter for counter in (*part, *total))]
        return [_both([counter[at_s] for counter in part], [counter[at_s] for counter in total]) for at_s in times]

    def openslo(self, condition: Condition) -> OpenSloForm:
        """A ratio of two counters, or a threshold in every time slice for a limit of 0 % or 100 % and more."""
        if condition.op in ("==", "!=") or not 0 < condition.value < 1:
            return super().openslo(condition)
        deployment, *names = self.args
        part, total = ({"deployment": deployment, "metric": name} for name in names)
        side, target = ("bad", remainder(condition.value)) if condition.wants_low else ("good", tidy(condition.value))
        return OpenSloForm(deployment, ratio_of(side, part, total), {"target": target})

    @classmethod
    def from_threshold(cls, measure: str, op: str, value: float) -> str:
        """The value of a threshold is a fraction of one."""
        return f"{measure} {op} {digits(value * 100)}%"


class _Growth(NamedTuple):
    """Growth of part and total since the first sample."""

    at_s: float
    part: float
    total: float
    complete: bool


def _both(part: Sequence[Growth], total: Sequence[Growth]) -> _Growth:
    complete = all(each.complete for each in (*part, *total))
    return _Growth(part[0].at_s, sum(each.total for each in part), sum(each.total for each in total), complete)


def _ratio(first: _Growth, last: _Growth) -> float | None:
    total = last.total - first.total
    return (last.part - first.part) / total if total > 0 else None

"""Growth of one counter per growth of another: `ratio(realtime, drops, messages) < 1%`."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measures.base import Condition, digits
from harness.measures.growth import Growth, base_of, growth
from harness.measures.metric import Metric
from harness.measures.openslo import OpenSloForm, ratio_of, remainder, tidy
from harness.measures.probe import MetricProbe
from harness.measures.reading import PodSample, Reading
from harness.measures.sampled import SampledMeasure, Samples, check_selector
from harness.measures.source import Source


class Ratio(SampledMeasure):
    """A fraction over five samples; arguments: the Deployment, the part and the total, both counters."""

    function = "ratio"
    unit = "ratio"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a share: `1%` or `0.01`."""
        source.expect_args(3)
        for argument in source.args[1:]:
            check_selector(source, argument)
        return Condition(source.text, cls(source.args), source.op, source.not_negative(("%", "")))

    @property
    def counters(self) -> tuple[Metric, Metric]:
        """The part and the total."""
        deployment, part, total = self.args
        return Metric((deployment, part)), Metric((deployment, total))

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """Both counters."""
        return tuple(probe for counter in self.counters for probe in counter.probes)

    def readings(self, samples: Samples) -> list[Reading]:
        """The ratios from the second sample on; unknown while the total does not grow or a pod does not answer."""
        part, total = (samples(counter.key) for counter in self.counters)
        return _ratios(part, total)

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


def _ratios(part: Sequence[PodSample], total: Sequence[PodSample]) -> list[Reading]:
    grown = {each.at_s: each for each in growth(part)}
    common = [(grown[each.at_s], each) for each in growth(total) if each.at_s in grown]
    complete = [some.complete and whole.complete for some, whole in common]
    readings = []
    for index in range(1, len(common)):
        some, whole = common[index]
        base = base_of(complete, index) if complete[index] else None
        readings.append(Reading(whole.at_s, None if base is None else _ratio(common[base], (some, whole))))
    return readings


def _ratio(first: tuple[Growth, Growth], last: tuple[Growth, Growth]) -> float | None:
    part, total = (after.total - before.total for before, after in zip(first, last, strict=True))
    return part / total if total > 0 else None

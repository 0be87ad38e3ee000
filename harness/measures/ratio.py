"""Growth of one counter per growth of another: `ratio(realtime, drops, messages) < 1%`."""

from __future__ import annotations

from collections.abc import Sequence

from harness.measures.base import Condition, digits
from harness.measures.growth import RATE_SAMPLES, PodSample, growth
from harness.measures.metric import Metric
from harness.measures.openslo import OpenSloForm, ratio_of, remainder, tidy
from harness.measures.probe import MetricProbe
from harness.measures.sampled import SampledMeasure, Samples, check_selector
from harness.measures.source import Source


class Ratio(SampledMeasure):
    """A fraction over five samples; arguments: the Deployment, the part and the total, both counters."""

    function = "ratio"
    unit = "ratio"

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a share: `1%` or `0.01`."""
        source.expect_args(3)
        for argument in source.args[1:]:
            check_selector(source, argument)
        return Condition(source.text, cls(source.args), source.op, source.number(("%", "")))

    @property
    def counters(self) -> tuple[Metric, Metric]:
        """The part and the total."""
        deployment, part, total = self.args
        return Metric((deployment, part)), Metric((deployment, total))

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """Both counters."""
        return tuple(probe for counter in self.counters for probe in counter.probes)

    def values(self, samples: Samples) -> list[float]:
        """The ratios from the second sample on; none while the total does not grow."""
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


def _ratios(part: Sequence[PodSample], total: Sequence[PodSample]) -> list[float]:
    grown = dict(growth(part))
    common = [(grown[at], of) for at, of in growth(total) if at in grown]
    ratios = []
    for index in range(1, len(common)):
        (part_0, total_0), (part_1, total_1) = common[max(0, index - RATE_SAMPLES)], common[index]
        if total_1 > total_0:
            ratios.append((part_1 - part_0) / (total_1 - total_0))
    return ratios

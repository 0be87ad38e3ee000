"""Quantile of a histogram on /metrics: `quantile(0.95, inference, service_latency_histogram) > 500ms`."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from harness.measures.base import Condition, digits
from harness.measures.growth import RATE_SAMPLES
from harness.measures.probe import MetricProbe, Reader
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure, Samples, check_selector
from harness.measures.selector import Sample, Selector
from harness.measures.source import Source


class Quantile(SampledMeasure):
    """The largest quantile of any pod over five samples, in ms; arguments: the quantile, the Deployment, the histogram.

    The histogram is in seconds, as Prometheus' conventions demand.
    """

    function = "quantile"
    unit = "ms"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a latency in ms or s."""
        source.expect_args(3)
        if not _is_quantile(source.args[0]):
            raise source.error(f"`{source.args[0]}` is not a quantile between 0 and 1")
        check_selector(source, source.args[2])
        return Condition(source.text, cls(source.args), source.op, source.not_negative(("", "ms", "s")))

    @property
    def subject(self) -> str:
        """The Deployment."""
        return self.args[1]

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """The quantile of the histogram, which the probe computes: the record has no buckets."""
        return (QuantileProbe(self.key, self.subject, Selector.parse(self.args[2]), float(self.args[0])),)

    def readings(self, samples: Samples) -> list[Reading]:
        """The worst pods' quantiles in ms; unknown while no pod counted anything."""
        return [
            Reading(sample.at_s, max(sample.pods.values(), default=None), at_least=bool(sample.missing))
            for sample in samples(self.key)
        ]

    @classmethod
    def from_threshold(cls, measure: str, op: str, value: float) -> str:
        """The value of a threshold is in ms."""
        return f"{measure} {op} {digits(value)}ms"


def _is_quantile(text: str) -> bool:
    try:
        return 0 < float(text) < 1
    except ValueError:
        return False


@dataclass(frozen=True)
class QuantileProbe(MetricProbe):
    """The q-quantile of a histogram in seconds over the last samples of one pod, in ms."""

    q: float

    def reader(self) -> Reader:
        """Remembers the growth of the buckets over the last RATE_SAMPLES samples that the pod answered."""
        steps: deque[Mapping[float, float]] = deque(maxlen=RATE_SAMPLES)
        last: Mapping[float, float] | None = None

        def read(samples: Sequence[Sample]) -> float | None:
            nonlocal last
            now = self.selector.buckets(samples)
            if not all(map(isfinite, now.values())):
                return nan
            if last is not None:
                steps.append(_grown(last, now))
            last = now
            seconds = quantile_of({bound: sum(step.get(bound, 0.0) for step in steps) for bound in now}, self.q)
            return None if seconds is None else seconds * 1000

        return read


def _grown(before: Mapping[float, float], now: Mapping[float, float]) -> Mapping[float, float]:
    """The growth of each bucket; a bucket that shrank shows a restart, after which all count from zero."""
    restarted = any(now.get(bound, 0.0) < count for bound, count in before.items())
    return now if restarted else {bound: count - before.get(bound, 0.0) for bound, count in now.items()}


def quantile_of(buckets: Mapping[float, float], q: float) -> float | None:
    """The q-quantile of a cumulative histogram {upper bound: count}, in the unit of the bounds; None without counts.

    Interpolates linearly within a bucket, as PromQL's histogram_quantile does.
    """
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if not total:
        return None
    low, below = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= q * total:
            if bound == float("inf") or buckets[bound] == below:
                return low
            return low + (bound - low) * (q * total - below) / (buckets[bound] - below)
        low, below = bound, buckets[bound]
    return low

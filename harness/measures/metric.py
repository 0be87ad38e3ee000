"""Value of a metric: `metric(realtime, websocket_connections_active) > 900`."""

from __future__ import annotations

from harness.measures.base import Condition
from harness.measures.probe import MetricProbe
from harness.measures.reading import PodSample, Reading
from harness.measures.sampled import SampledMeasure, Samples, check_selector
from harness.measures.selector import Selector
from harness.measures.source import Source


class Metric(SampledMeasure):
    """The selected samples of /metrics, summed over the pods; arguments: the Deployment and the selector."""

    function = "metric"
    unit = "count"

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a number."""
        source.expect_args(2)
        check_selector(source, source.args[1])
        limit = source.not_negative() if cls.never_negative else source.number()
        return Condition(source.text, cls(source.args), source.op, limit)

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """The metric itself."""
        return (MetricProbe(self.key, self.subject, Selector.parse(self.args[1])),)

    def readings(self, samples: Samples) -> list[Reading]:
        """The sums over the pods; unknown while no pod exports the metric, and while a running pod does not answer."""
        return [Reading(sample.at_s, _sum(sample)) for sample in samples(self.key)]


def _sum(sample: PodSample) -> float | None:
    return sum(sample.pods.values()) if sample.pods and not sample.missing else None

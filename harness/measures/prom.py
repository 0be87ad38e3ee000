"""Number of a PromQL expression: `prom('sum(rate(requests_total{status="503"}[10s]))') > 5`."""

from __future__ import annotations

from harness.measures.base import Condition
from harness.measures.probe import PromProbe
from harness.measures.reading import Reading
from harness.measures.sampled import SampledMeasure, Samples
from harness.measures.source import Source

_PER_BASE_UNIT = {"ms": 1000.0, "s": 1000.0}
"""Source gives times in ms; those of Prometheus are in seconds (https://prometheus.io/docs/practices/naming/)."""


class Prom(SampledMeasure):
    """What the side's Prometheus answers; argument: the expression, which makes one number of all pods.

    The number is in Prometheus' base units, seconds and ratios, so `< 500ms` compares with 0.5, and `< 5%` with 0.05.
    """

    function = "prom"
    unit = "count"

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a number, a time or a percentage."""
        source.expect_args(1)
        number, unit = source.number_with_unit(("", "ms", "s", "%"))
        return Condition(source.text, cls(source.args), source.op, number / _PER_BASE_UNIT.get(unit, 1.0))

    @property
    def subject(self) -> str:
        """In OpenSLO the service: what a query is about is not known."""
        return "prometheus"

    @property
    def probes(self) -> tuple[PromProbe, ...]:
        """The expression."""
        return (PromProbe(self.key, self.args[0]),)

    def readings(self, samples: Samples) -> list[Reading]:
        """The numbers; unknown while Prometheus does not answer, or has no data or several series."""
        return [Reading(sample.at_s, next(iter(sample.pods.values()), None)) for sample in samples(self.key)]

"""State of a circuit breaker: `breaker(api-gateway, tools) == open`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from harness.measures.base import Condition
from harness.measures.probe import MetricProbe, Reader
from harness.measures.sampled import StateMeasure
from harness.measures.selector import Sample, Selector
from harness.measures.source import Source

_STATE, _OPEN = "circuit_breaker_state", 2.0
"""Metric of a breaker with the label `breaker`, and its value when open (docs/reference/fakes.md)."""


class Breaker(StateMeasure):
    """`open` while the breaker of any pod is; arguments: the Deployment and the breaker's name.

    Unknown while no pod exports the breaker.
    """

    function = "breaker"
    bad, good, without_pods = "open", "closed", None

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts == and != with a state."""
        source.expect_args(2)
        return cls.state(source)

    @property
    def probes(self) -> tuple[MetricProbe, ...]:
        """The state metric of the breaker."""
        return (BreakerProbe(self.key, self.subject, Selector(_STATE, (("breaker", self.args[1]),))),)


@dataclass(frozen=True)
class BreakerProbe(MetricProbe):
    """1.0 for an open breaker, otherwise 0.0."""

    def reader(self) -> Reader:
        """As in MetricProbe."""

        def read(samples: Sequence[Sample]) -> float | None:
            state = self.selector.total(samples)
            return state if state is None or not isfinite(state) else float(state == _OPEN)

        return read

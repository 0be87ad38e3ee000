"""State of the health checks: `health(tool-service) == failing`."""

from __future__ import annotations

from harness.measures.base import Condition
from harness.measures.probe import HealthProbe
from harness.measures.sampled import StateMeasure
from harness.measures.source import Source


class Health(StateMeasure):
    """`failing` while any pod fails its health check, and without pods; argument: the Deployment."""

    function = "health"
    bad, good, without_pods = "failing", "ok", 1.0

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts == and != with a state."""
        source.expect_args(1)
        return cls.state(source)

    @property
    def probes(self) -> tuple[HealthProbe, ...]:
        """The health checks of the pods."""
        return (HealthProbe(self.key, self.subject),)

"""Growth of a counter since the phase began: `increase(api-gateway, circuit_breaker_activations_total) > 0`."""

from __future__ import annotations

from harness.measures.growth import increases
from harness.measures.metric import Metric
from harness.measures.reading import Reading
from harness.measures.sampled import Samples


class Increase(Metric):
    """Growth of a counter since the beginning of the window, summed over the pods; arguments as for a metric."""

    function = "increase"
    never_negative = True

    def readings(self, samples: Samples) -> list[Reading]:
        """The growth until each sample."""
        return increases(samples(self.key))

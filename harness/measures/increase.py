"""Growth of a counter since the phase began: `increase(api-gateway, circuit_breaker_activations_total) > 0`."""

from __future__ import annotations

from harness.measures.growth import growth
from harness.measures.metric import Metric
from harness.measures.sampled import Samples


class Increase(Metric):
    """Growth of a counter since the beginning of the window, summed over the pods; arguments as for a metric."""

    function = "increase"
    never_negative = True

    def values(self, samples: Samples) -> list[float]:
        """The growth until each sample."""
        return [total for _, total in growth(samples(self.key))]

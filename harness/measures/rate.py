"""Growth of a counter per second: `rate(api-gateway, validation_errors_total) > 15`."""

from __future__ import annotations

from harness.measures.growth import rates
from harness.measures.metric import Metric
from harness.measures.reading import Reading
from harness.measures.sampled import Samples


class Rate(Metric):
    """Growth of a counter per second over five samples, summed over the pods; arguments as for a metric."""

    function = "rate"
    never_negative = True

    def readings(self, samples: Samples) -> list[Reading]:
        """The rates from the second sample on."""
        return rates(samples(self.key))

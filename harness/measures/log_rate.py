"""Matching log lines per second: `log_rate(api-gateway, "validation failed") > 15`."""

from __future__ import annotations

from harness.measures.growth import rates
from harness.measures.logs import Logs
from harness.measures.reading import Reading
from harness.measures.sampled import Samples


class LogRate(Logs):
    """Log lines per second over five samples that match a regular expression, of all pods; arguments as for `logs`."""

    function = "log_rate"

    def readings(self, samples: Samples) -> list[Reading]:
        """The rates from the second sample on."""
        return rates(samples(self.key))

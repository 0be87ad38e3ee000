"""Matching log lines per second: `log_rate(api-gateway, "validation failed") > 15`."""

from __future__ import annotations

from harness.measures.growth import rates
from harness.measures.logs import Logs
from harness.measures.sampled import Samples


class LogRate(Logs):
    """Log lines per second over five samples that match a regular expression; arguments as for `logs`."""

    function = "log_rate"

    def values(self, samples: Samples) -> list[float]:
        """The rates from the second sample on."""
        return rates(samples(self.key))

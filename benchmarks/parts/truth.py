"""True latencies and percentiles, computed from the schedule and the stall only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Stall:
    """The server answers nothing for `length_s`, from `at_s` after the first arrival; then it answers all requests."""

    at_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """End of the stall, in seconds after the first arrival."""
        return self.at_s + self.length_s


def latencies_ms(rate_per_s: float, arrivals: int, stall: Stall) -> list[float]:
    """Return the latency of each arrival, number k being due at k / rate, for a server that takes no time.

    An arrival in the stall waits for its end. Where the run ends earlier, at arrivals / rate, it is outstanding; its
    age at that moment is a lower bound of its latency, and the latency of a failure that records it.
    """
    answered_s = min(stall.end_s, arrivals / rate_per_s)
    due_s = (number / rate_per_s for number in range(arrivals))
    return [(answered_s - due) * 1e3 if stall.at_s <= due < stall.end_s else 0.0 for due in due_s]


def percentile(values: Sequence[float], share: float) -> float:
    """Return a percentile by nearest rank: the smallest value that `share` of all do not exceed; NaN without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def outstanding(rate_per_s: float, arrivals: int, stall: Stall) -> int:
    """Return the number of arrivals without an answer when the run ends with the last of them."""
    if stall.end_s <= arrivals / rate_per_s:
        return 0
    return sum(stall.at_s <= number / rate_per_s < stall.end_s for number in range(arrivals))

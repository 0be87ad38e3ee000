"""What an honest generator must see, computed from nothing but the schedule and the stall."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Stall:
    """The server answers nothing for `length_s`, from `at_s` after the first arrival; then it answers everything."""

    at_s: float
    length_s: float

    @property
    def end_s(self) -> float:
        """When the answers come."""
        return self.at_s + self.length_s


def latencies_ms(rate_per_s: float, arrivals: int, stall: Stall) -> list[float]:
    """Latency of each of so many arrivals, of which number k is due at k / rate, on a server that takes no time.

    An arrival in the stall waits for its end. Where the run ends earlier, at arrivals / rate, it is outstanding then:
    its age at that moment is the least that its latency can be, and what a record of it as a failure shows.
    """
    answered_s = min(stall.end_s, arrivals / rate_per_s)
    due_s = (number / rate_per_s for number in range(arrivals))
    return [(answered_s - due) * 1e3 if stall.at_s <= due < stall.end_s else 0.0 for due in due_s]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of all values does not exceed (nearest rank). NaN without values."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def outstanding(rate_per_s: float, arrivals: int, stall: Stall) -> int:
    """How many arrivals have no answer when the run ends with the last of them."""
    if stall.end_s <= arrivals / rate_per_s:
        return 0
    return sum(stall.at_s <= number / rate_per_s < stall.end_s for number in range(arrivals))

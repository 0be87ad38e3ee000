"""Share of good arrivals of a load series: `availability(valid) >= 99%`."""

from __future__ import annotations

from harness.measures.base import Condition
from harness.measures.error_ratio import ErrorRatio
from harness.measures.source import Source


class Availability(ErrorRatio):
    """1 − the error ratio of a series, a fraction; decided on the bad arrivals, so its conditions are mirrored."""

    function = "availability"
    higher_is_better = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts `<`, `<=`, `>` and `>=` with a share: `99%` or `0.99`."""
        source.expect_args(1)
        return cls(source.args).at_most(source)

"""Share of the arrivals of a load series with one HTTP status: `status(tools, 503) > 1%`."""

from __future__ import annotations

import re

from harness.measures.base import Condition
from harness.measures.error_ratio import ErrorRatio
from harness.measures.source import Source


class Status(ErrorRatio):
    """Another spelling of an error ratio: `status(tools, 503)` is `error_rate(tools, http_503)`."""

    function = "status"

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts what an error ratio accepts, with a series and one status."""
        source.expect_args(2)
        series, code = source.args
        if not re.fullmatch("[1-5][0-9]{2}", code):
            raise source.error(f"`{code}` is not an HTTP status")
        return ErrorRatio((series, f"http_{code}")).at_most(source)

"""Names of the rows in locust's statistics, the same for both engines."""

from __future__ import annotations

from .exchange import Request

Key = tuple[str, str]
"""Method and name of a row."""

LATE_ROW = ("late", "started over 100 ms after due: no data")
"""Method and name of the row of late arrivals; its response time is how late they were."""

UNSENT_ROW = ("unsent", "never left")
"""Method and name of the row of arrivals without a request; they also count as failures in their own row."""


MISSING_ROW = ("missing", "of a worker that is gone")
"""Method and name of the row of arrivals that a lost worker neither sent nor reported: an estimate."""

OUTSTANDING_ROW = ("outstanding", "no answer yet")
"""Method and name of the row of arrivals that are outstanding now; in place of response times it has their ages."""

OUTSTANDING = "gameday_outstanding"
"""Name of this row in a worker's report to the master."""


def row_of(request: Request) -> Key:
    """Return method and name of a request's row."""
    return request.method, request.name or request.path

"""How an arrival is called in locust's statistics, by both engines alike."""

from __future__ import annotations

from .exchange import Request

Key = tuple[str, str]
"""Method and name of a row."""

LATE_ROW = ("late", "started over 100 ms after due: no data")
"""Method and name of the row of late arrivals; its response time is by how much."""

UNSENT_ROW = ("unsent", "never left")
"""Method and name of the row of arrivals that no request was sent for; they are failures of their own row as well."""


def row_of(request: Request) -> Key:
    """Method and name of a request's row."""
    return request.method, request.name or request.path

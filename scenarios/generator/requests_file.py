"""Read the requests of a load that is data. Format of the file: docs/reference/contracts.md."""

from __future__ import annotations

import json
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import accumulate, cycle
from pathlib import Path
from random import Random
from typing import Any

from .exchange import Request

VARIABLE = "GAMEDAY_REQUESTS"


@dataclass(slots=True)
class ExpectingRequest(Request):
    """A request with the lowest and the highest status of a good answer."""

    good: tuple[int, int] = (200, 299)


@dataclass(frozen=True)
class Declaration:
    """A load: its requests with their shares, and the indices of a recording in turn, empty without one."""

    name: str
    series: tuple[str, ...]
    rate_per_s: float
    requests: tuple[ExpectingRequest, ...]
    shares: tuple[float, ...]
    order: tuple[int, ...]

    def chooser(self) -> Callable[[Random], ExpectingRequest]:
        """Return the function that chooses the request of the next arrival."""
        if self.order:
            turns = cycle(self.order)
            return lambda _rng: self.requests[next(turns)]
        limits, last = list(accumulate(self.shares)), len(self.requests) - 1
        return lambda rng: self.requests[min(last, bisect_right(limits, rng.random() * limits[-1]))]


def read_declaration() -> Declaration:
    """Read the file that the environment names. Raises ValueError when there is none, or it is none of a load."""
    file = os.environ.get(VARIABLE)
    if not file:
        raise ValueError(f"{VARIABLE} is not set: it names the file with the requests, which gameday writes")
    try:
        found = json.loads(Path(file).read_text(encoding="utf-8"))
        return Declaration(
            name=found["name"],
            series=tuple(found["series"]),
            rate_per_s=float(found["rate_per_s"]),
            requests=tuple(map(_request, found["requests"])),
            shares=tuple(float(each["share"]) for each in found["requests"]),
            order=tuple(found["order"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{VARIABLE}={file} cannot be used: {type(error).__name__}: {error}") from error


def _request(found: Mapping[str, Any]) -> ExpectingRequest:
    low, high = found["good"]
    return ExpectingRequest(
        method=found["method"],
        path=found["path"],
        headers=dict(found["headers"]),
        body=found["body"].encode(),
        timeout_s=float(found["timeout_s"]),
        series=tuple(found["series"]),
        good=(low, high),
    )

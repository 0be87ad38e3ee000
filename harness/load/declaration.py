"""Writes the requests of a load as the files that scenarios/from_bindings.py reads: docs/reference/contracts.md."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from itertools import takewhile
from pathlib import Path

from harness.bindings.loads import LoadRequest, LoadSpec

SCENARIO = "from_bindings"
"""The shipped scenario that sends such requests."""
REQUESTS, OFFSETS = "requests.json", "offsets.txt"
LONGEST_S = 900.0
"""A recording is repeated for this long, the longest duration of a load."""
LEAST_PERIOD_S = 1.0


def write_declaration(spec: LoadSpec, rate_per_s: float | None, folder: Path) -> dict[str, str]:
    """Write the files into `folder`, in which the load runs; returns the GAMEDAY_* variables that name them.

    `rate_per_s`: arrivals per second; None: those of the recording.
    """
    recorded = bool(spec.offsets_s) and rate_per_s is None
    mean_per_s = len(spec.offsets_s) / _period_s(spec.offsets_s) if recorded else rate_per_s
    whole = {
        "name": spec.name,
        "series": spec.series,
        "rate_per_s": mean_per_s,
        "requests": [_request(each, spec.name) for each in spec.requests],
        "order": spec.order,
    }
    (folder / REQUESTS).write_text(json.dumps(whole), encoding="utf-8")
    if not recorded:
        return {"GAMEDAY_REQUESTS": REQUESTS}
    (folder / OFFSETS).write_text("\n".join(f"{each:.6f}" for each in _repeated(spec.offsets_s)), encoding="utf-8")
    return {"GAMEDAY_REQUESTS": REQUESTS, "GAMEDAY_SCHEDULE": f"trace {OFFSETS}"}


def _request(request: LoadRequest, name: str) -> dict[str, object]:
    series = tuple(dict.fromkeys(filter(None, (name, request.series))))
    return {**asdict(request), "series": series}


def _repeated(offsets_s: tuple[float, ...]) -> Iterator[float]:
    """The offsets over and over: the first one follows the last by their mean distance."""
    return takewhile(lambda offset_s: offset_s < LONGEST_S, _endless(offsets_s))


def _endless(offsets_s: tuple[float, ...]) -> Iterator[float]:
    begin_s = 0.0
    while True:
        yield from (begin_s + offset_s for offset_s in offsets_s)
        begin_s += _period_s(offsets_s)


def _period_s(offsets_s: tuple[float, ...]) -> float:
    """Seconds from one repetition of a recording to the next."""
    gaps = len(offsets_s) - 1
    return max(LEAST_PERIOD_S, offsets_s[-1] * (gaps + 1) / gaps if gaps else 0.0)

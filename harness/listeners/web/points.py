"""What a chart of the page shows of one second: latency quantiles, bad arrivals and the rate, on both sides."""

from __future__ import annotations

import math
from collections.abc import Iterator

from harness.measures.counts import Counts
from harness.record.event import CONTROL, TREATMENT
from harness.stats.histogram import quantile_ms
from harness.verdict.state import DrillState
from harness.verdict.timeline import Timeline

SECOND_S = 1.0
AGAIN_S = 12.0
"""A second is drawn again for so long: a late answer belongs to the second in which its request was due."""
SIDES = (TREATMENT, CONTROL)


def points(state: DrillState) -> Iterator[dict[str, object]]:
    """The last seconds, each with its time (seconds since the epoch) and what is known of it so far."""
    end_s = math.floor(max(side.end_s for side in state.sides.values()))
    for at_s in range(math.ceil(end_s - AGAIN_S), end_s):
        if found := {name: each for name, side in state.sides.items() if (each := _second(side, at_s))}:
            yield {"at": at_s, **found}


def _second(side: Timeline, at_s: int) -> dict[str, object]:
    """By series: P50, P95 and P99 of the good arrivals in ms, the bad ones in percent, and arrivals per second."""
    found = {name: side.total(name, at_s, at_s + SECOND_S) for name in sorted(side.series())}
    return {name: _values(counts) for name, counts in found.items() if counts.sent}


def _values(counts: Counts) -> list[float | None]:
    buckets = counts.hist.merged()
    latencies = (quantile_ms(buckets, share) for share in (0.5, 0.95, 0.99))
    return [*map(_rounded, latencies), _rounded(100 * counts.failed / counts.sent), counts.sent / SECOND_S]


def _rounded(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.4g}")

"""Output of a run by hand: a progress line every 5 s, and a table at its end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable

from scenarios.generator import histogram
from scenarios.generator.row import Row

from .rows import Rows

PROGRESS_S = 5.0
QUANTILES = (0.5, 0.95, 0.99)


async def print_progress(rows: Rows, outstanding_s: Callable[[], list[float]]) -> None:
    """Print progress to stderr until cancelled; `outstanding_s` returns the ages of the outstanding arrivals."""
    elapsed_s = 0.0
    while True:
        await asyncio.sleep(PROGRESS_S)
        elapsed_s += PROGRESS_S
        ended = sum(row.buckets.total() for row in rows.rows().values())
        bad = sum(row.failed_by_second.total() for row in rows.rows().values())
        ages_s = outstanding_s()
        waiting = f"; {len(ages_s)} outstanding, the oldest for {max(ages_s):.1f} s" if ages_s else ""
        sys.stderr.write(f"{elapsed_s:5.0f} s  {ended} arrivals ended, {bad} of them bad{waiting}\n")


def table(rows: Rows) -> str:
    """Return a line per row, with latencies in ms from the intended start, and the counts of each kind of bad."""
    lines = [f"{'':<50}{'count':>9}{'bad':>9}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}"]
    for (method, name), row in {**rows.rows(), **rows.outside_totals()}.items():
        latencies = "".join(f"{_quantile_ms(row, q):>10.4g}" for q in QUANTILES)
        lines.append(f"{f'{method} {name}':<50}{row.buckets.total():>9}{row.failed_by_second.total():>9}{latencies}")
    lines += [
        f"  {error['occurrences']} {error['error']} ({error['method']} {error['name']})" for error in rows.errors()
    ]
    return "\n".join(lines)


def _quantile_ms(row: Row, q: float) -> float:
    """Return the q-quantile of the latency in ms."""
    rank, seen = q * row.buckets.total(), 0
    for bucket in sorted(row.buckets):
        seen += row.buckets[bucket]
        if seen >= rank:
            return histogram.shown_ms(bucket)
    return 0.0

"""What a run by hand says: a line now and then while it goes on, a table at its end."""

from __future__ import annotations

import asyncio
import sys

from scenarios.generator import histogram

from .rows import Row, Rows

PROGRESS_S = 5.0
QUANTILES = (0.5, 0.95, 0.99)


async def tell_progress(rows: Rows) -> None:
    """To stderr, until it is cancelled."""
    elapsed_s = 0.0
    while True:
        await asyncio.sleep(PROGRESS_S)
        elapsed_s += PROGRESS_S
        ended = sum(row.buckets.total() for row in rows.rows().values())
        bad = sum(row.failed_by_second.total() for row in rows.rows().values())
        sys.stderr.write(f"{elapsed_s:5.0f} s  {ended} arrivals ended, {bad} of them badly\n")


def table(rows: Rows) -> str:
    """A line for each row, latencies in ms from the moment when the arrival was due; then the kinds of bad."""
    lines = [f"{'':<50}{'count':>9}{'bad':>9}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}"]
    for (method, name), row in {**rows.rows(), **rows.apart()}.items():
        latencies = "".join(f"{_quantile_ms(row, q):>10.4g}" for q in QUANTILES)
        lines.append(f"{f'{method} {name}':<50}{row.buckets.total():>9}{row.failed_by_second.total():>9}{latencies}")
    lines += [
        f"  {error['occurrences']} {error['error']} ({error['method']} {error['name']})" for error in rows.errors()
    ]
    return "\n".join(lines)


def _quantile_ms(row: Row, q: float) -> float:
    """That a fraction q of the arrivals does not exceed."""
    rank, seen = q * row.buckets.total(), 0
    for bucket in sorted(row.buckets):
        seen += row.buckets[bucket]
        if seen >= rank:
            return histogram.shown_ms(bucket)
    return 0.0

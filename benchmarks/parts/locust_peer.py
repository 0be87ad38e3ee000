"""Run locust headless and read the statistics that it writes."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child

STOCK = ROOT / "benchmarks" / "parts" / "stock_locustfile.py"
QUIET = ("--headless", "--only-summary", "--skip-log-setup", "--loglevel", "WARNING")
START_LIMIT_S = 30


@dataclass(frozen=True)
class Statistics:
    """Sum of the rows of locust's statistics; `response_times` maps milliseconds, as rounded by locust, to a count.

    `excluded` has the number of requests of excluded rows, by their method.
    """

    requests: int
    failures: int
    response_times: Mapping[float, int]
    excluded: Mapping[str, int]

    def percentile_ms(self, share: float) -> float:
        """Return a percentile by locust's own rule (`locust.stats.calculate_response_time_percentile`), in ms."""
        below, seen = int(self.requests * share), 0
        for value in sorted(self.response_times, reverse=True):
            seen += self.response_times[value]
            if self.requests - seen <= below:
                return value
        return math.nan


def read_statistics(text: str, excluded: Sequence[str] = ()) -> Statistics:
    """Parse the file of `--json-file` without the methods `excluded`. Raises ValueError when it is not one."""
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "response_times" in row for row in rows):
        raise ValueError("not the statistics of locust: a list of rows with `response_times` was expected")
    left_out = {row["method"]: int(row["num_requests"]) for row in rows if row["method"] in excluded}
    rows = [row for row in rows if row["method"] not in excluded]
    times: dict[float, int] = {}
    for row in rows:
        for value, count in row["response_times"].items():
            times[float(value)] = times.get(float(value), 0) + count
    requests, failures = (sum(row[name] for row in rows) for name in ("num_requests", "num_failures"))
    return Statistics(requests, failures, times, left_out)


def stock(
    url: str, rate_per_s: float, duration_s: float, users: int, folder: Path, pace: str = "constant_throughput"
) -> Outcome:
    """Run `users` closed users of FastHttpUser, together at `rate_per_s` while the server answers at once.

    `pace` is `constant_throughput`, locust's own, or `even`, with evenly spaced arrivals (see the locustfile).
    """
    count = folder / "begun"
    environment = {
        "STOCK_RATE": str(rate_per_s),
        "STOCK_USERS": str(users),
        "STOCK_COUNT": str(count),
        "STOCK_PACE": pace,
    }
    command = [
        sys.executable, "-m", "locust", "-f", str(STOCK), "--host", url, *QUIET,
        "-u", str(users), "-r", str(users), "-t", f"{duration_s:g}s", "--json-file", "locust",
        "--exit-code-on-error", "0",
    ]  # fmt: skip
    with Child(command, folder, environment) as child:
        usage = child.wait(duration_s + START_LIMIT_S)
    seen = read_statistics((folder / "locust.json").read_text())
    sent = int(count.read_text())
    p50, p95, p99 = (seen.percentile_ms(share) for share in (0.5, 0.95, 0.99))
    return Outcome(
        due=round(rate_per_s * duration_s), sent=sent, lost=sent - seen.requests, unfinished=0, bad=seen.failures,
        late=None, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

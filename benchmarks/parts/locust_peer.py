"""Runs locust headless, and reads what it says at the end."""

from __future__ import annotations

import csv
import math
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child

STOCK = ROOT / "benchmarks" / "parts" / "stock_locustfile.py"
QUIET = ("--headless", "--only-summary", "--skip-log-setup", "--loglevel", "WARNING")


@dataclass(frozen=True)
class Aggregated:
    """The row `Aggregated` of locust's statistics, latencies in milliseconds."""

    requests: int
    failures: int
    p50_ms: float
    p95_ms: float
    p99_ms: float


def read_csv(text: str) -> Aggregated:
    """The row `Aggregated` of a `…_stats.csv`. Raises ValueError when it is not there."""
    for row in csv.DictReader(text.splitlines()):
        if row["Name"] == "Aggregated":
            p50, p95, p99 = (_number(row[share]) for share in ("50%", "95%", "99%"))
            return Aggregated(int(row["Request Count"]), int(row["Failure Count"]), p50, p95, p99)
    raise ValueError("locust's statistics have no row `Aggregated`")


def stock(url: str, rate_per_s: float, duration_s: float, users: int, folder: Path) -> Outcome:
    """FastHttpUser, closed: `users` of them, together `rate_per_s` as long as the server answers at once."""
    count = folder / "begun"
    environment = {"STOCK_RATE": str(rate_per_s), "STOCK_USERS": str(users), "STOCK_COUNT": str(count)}
    command = [
        sys.executable, "-m", "locust", "-f", str(STOCK), "--host", url, *QUIET,
        "-u", str(users), "-r", str(users), "-t", f"{duration_s:g}s", "--csv", "locust", "--exit-code-on-error", "0",
    ]  # fmt: skip
    with Child(command, folder, environment) as child:
        usage = child.wait(duration_s + 30)
    seen = read_csv((folder / "locust_stats.csv").read_text())
    return Outcome(
        due=round(rate_per_s * duration_s), sent=int(count.read_text()), recorded=seen.requests, bad=seen.failures,
        late=None, p50_ms=seen.p50_ms, p95_ms=seen.p95_ms, p99_ms=seen.p99_ms, usage=usage,
    )  # fmt: skip


def _number(text: str) -> float:
    return math.nan if text == "N/A" else float(text)

"""Run our engines, the fast worker and the locust user class, and read their load stream."""

from __future__ import annotations

import json
import math
import os
import sys
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.parts.locust_peer import read_statistics
from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child, RunError
from scenarios.generator.histogram import value_us
from scenarios.generator.statistics import LATE_ROW, UNSENT_ROW

ARRIVALS = ROOT / "benchmarks" / "parts" / "arrivals_scenario.py"
ECHOES = ROOT / "benchmarks" / "parts" / "echoes_scenario.py"
START_LIMIT_S = 30
SHARES = (0.5, 0.95, 0.99)
QUIET = ("--headless", "--users", "1", "--only-summary", "--skip-log-setup", "--loglevel", "WARNING")


def worker(scenario: Path) -> list[str]:
    """Return the command line of the fast worker."""
    return [sys.executable, "-m", "scenarios.worker", str(scenario)]


def locust(scenario: Path) -> list[str]:
    """Return the command line of the same scenario in stock locust."""
    return [sys.executable, "-m", "locust", "-f", str(scenario), *QUIET]


@dataclass
class SeriesTotals:
    """Totals of one series of a load stream."""

    sent: int = 0
    ok: int = 0
    late: int = 0
    unsent: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    hist: Counter[int] = field(default_factory=Counter)

    def add(self, delta: Mapping[str, Any]) -> None:
        """Add one entry of `deltas`."""
        self.sent += delta["sent"]
        self.ok += delta["ok"]
        self.late += delta["late"]
        self.unsent += delta["unsent"]
        self.bad.update(delta["bad"])
        self.hist.update({int(bucket): count for bucket, count in delta["hist"].items()})

    def percentile_ms(self, share: float) -> float:
        """Return a percentile by nearest rank over all arrivals; a bad one counts as worse than any latency."""
        rank, seen = max(1, math.ceil(share * self.sent)), 0
        for bucket in sorted(self.hist):
            seen += self.hist[bucket]
            if seen >= rank:
                return value_us(bucket) / 1e3
        return math.inf if self.sent else math.nan


@dataclass
class Stream:
    """Contents of a load stream; `hello` and `bye` are its first and last line."""

    hello: dict[str, Any] = field(default_factory=dict)
    bye: dict[str, Any] = field(default_factory=dict)
    series: dict[str, SeriesTotals] = field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> None:
        """Read all lines."""
        for line in lines:
            message = json.loads(line)
            if message["ev"] in ("hello", "bye"):
                setattr(self, message["ev"], message)
            for delta in message.get("deltas", ()):
                self.series.setdefault(delta["series"], SeriesTotals()).add(delta)


class Run(Child):
    """A running scenario; `stream` is complete once it has ended."""

    def __init__(
        self, command: list[str], url: str, rate_per_s: float, folder: Path, settings: Mapping[str, str]
    ) -> None:
        self.stream = Stream()
        read_fd, write_fd = os.pipe()
        environment = {"GAMEDAY_HOST": url, "GAMEDAY_RATE": f"{rate_per_s:g}", "GAMEDAY_STREAM_FD": str(write_fd)}
        try:
            super().__init__(command, folder, environment | dict(settings), pass_fds=(write_fd,))
        finally:
            os.close(write_fd)
        self._reader = threading.Thread(target=self._read, args=(read_fd,), daemon=True)
        self._reader.start()

    def _read(self, read_fd: int) -> None:
        with os.fdopen(read_fd, encoding="utf-8") as lines:
            self.stream.read(lines)

    def totals(self, series: str) -> SeriesTotals:
        """Return the totals of a series at the end of the run. Raises RunError when the stream is incomplete."""
        self._reader.join(START_LIMIT_S)
        if not self.stream.bye:
            raise RunError(f"the load stream of {self.command} is incomplete: {self.output_end()}")
        return self.stream.series.get(series, SeriesTotals())


def arrivals(
    command: list[str], url: str, rate_per_s: float, duration_s: float, folder: Path, tick_ms: float = 0.0
) -> Outcome:
    """Run evenly spaced arrivals; return the outcome by the load stream."""
    settings = {
        "GAMEDAY_SCHEDULE": "constant",
        "GAMEDAY_DURATION_S": f"{duration_s:g}",
        "GAMEDAY_TICK_MS": f"{tick_ms:g}",
    }
    with Run(command, url, rate_per_s, folder, settings) as run:
        usage = run.wait(duration_s + START_LIMIT_S)
        totals = run.totals("arrivals")
    p50, p95, p99 = (totals.percentile_ms(share) for share in SHARES)
    unfinished = totals.bad.pop("unfinished", 0)
    due = max(
        round(rate_per_s * duration_s), totals.sent
    )  # a run that ends some ms late follows its schedule until then
    return Outcome(
        due=due, sent=totals.sent - totals.unsent, lost=0, unfinished=unfinished,
        bad=sum(totals.bad.values()), late=totals.late, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip


def locust_arrivals(url: str, rate_per_s: float, duration_s: float, folder: Path) -> Outcome:
    """Run evenly spaced arrivals by our locust class; return the percentiles of locust's own statistics."""
    outcome = arrivals([*locust(ARRIVALS), "--json-file", "locust"], url, rate_per_s, duration_s, folder)
    seen = read_statistics((folder / "locust.json").read_text(), excluded=(LATE_ROW[0], UNSENT_ROW[0]))
    p50, p95, p99 = (seen.percentile_ms(share) for share in SHARES)
    recorded = seen.requests - seen.excluded.get(UNSENT_ROW[0], 0)  # locust counts unsent arrivals as requests
    return replace(outcome, lost=outcome.sent - recorded, p50_ms=p50, p95_ms=p95, p99_ms=p99)

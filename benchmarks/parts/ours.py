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
    """The command line of the fast worker."""
    return [sys.executable, "-m", "scenarios.worker", str(scenario)]


def locust(scenario: Path) -> list[str]:
    """The command line of the same scenario in stock locust."""
    return [sys.executable, "-m", "locust", "-f", str(scenario), *QUIET]


@dataclass
class Books:
    """One series of a load stream, added up."""

    sent: int = 0
    ok: int = 0
    late: int = 0
    unsent: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    hist: Counter[int] = field(default_factory=Counter)

    def add(self, delta: Mapping[str, Any]) -> None:
        """One entry of `deltas`."""
        self.sent += delta["sent"]
        self.ok += delta["ok"]
        self.late += delta["late"]
        self.unsent += delta["unsent"]
        self.bad.update(delta["bad"])
        self.hist.update({int(bucket): count for bucket, count in delta["hist"].items()})

    def percentile_ms(self, share: float) -> float:
        """Nearest rank over all arrivals; a bad one is worse than any latency."""
        rank, seen = max(1, math.ceil(share * self.sent)), 0
        for bucket in sorted(self.hist):
            seen += self.hist[bucket]
            if seen >= rank:
                return value_us(bucket) / 1e3
        return math.inf if self.sent else math.nan


@dataclass
class Stream:
    """What a load stream said, until it ended; `hello` and `bye` are its first and last line."""

    hello: dict[str, Any] = field(default_factory=dict)
    bye: dict[str, Any] = field(default_factory=dict)
    series: dict[str, Books] = field(default_factory=dict)

    def read(self, lines: Iterable[str]) -> None:
        """Takes all lines."""
        for line in lines:
            word = json.loads(line)
            if word["ev"] in ("hello", "bye"):
                setattr(self, word["ev"], word)
            for delta in word.get("deltas", ()):
                self.series.setdefault(delta["series"], Books()).add(delta)


class Run(Child):
    """A scenario that runs; `stream` is whole when it has ended."""

    def __init__(
        self, command: list[str], url: str, rate_per_s: float, folder: Path, settings: Mapping[str, str]
    ) -> None:
        self.stream = Stream()
        read_fd, write_fd = os.pipe()
        told = {"GAMEDAY_HOST": url, "GAMEDAY_RATE": f"{rate_per_s:g}", "GAMEDAY_STREAM_FD": str(write_fd)}
        try:
            super().__init__(command, folder, told | dict(settings), pass_fds=(write_fd,))
        finally:
            os.close(write_fd)
        self._reader = threading.Thread(target=self._read, args=(read_fd,), daemon=True)
        self._reader.start()

    def _read(self, read_fd: int) -> None:
        with os.fdopen(read_fd, encoding="utf-8") as lines:
            self.stream.read(lines)

    def books(self, series: str) -> Books:
        """A series when all is over. Raises RunError when the stream was cut."""
        self._reader.join(START_LIMIT_S)
        if not self.stream.bye:
            raise RunError(f"the load stream of {self.command} has no end: {self.last_words()}")
        return self.stream.series.get(series, Books())


def arrivals(
    command: list[str], url: str, rate_per_s: float, duration_s: float, folder: Path, tick_ms: float = 0.0
) -> Outcome:
    """Evenly spaced arrivals for so long, as the stream tells of them."""
    settings = {
        "GAMEDAY_SCHEDULE": "constant",
        "GAMEDAY_DURATION_S": f"{duration_s:g}",
        "GAMEDAY_TICK_MS": f"{tick_ms:g}",
    }
    with Run(command, url, rate_per_s, folder, settings) as run:
        usage = run.wait(duration_s + START_LIMIT_S)
        books = run.books("arrivals")
    p50, p95, p99 = (books.percentile_ms(share) for share in SHARES)
    unfinished = books.bad.pop("unfinished", 0)
    due = max(round(rate_per_s * duration_s), books.sent)  # a run that ends late by some ms goes on with its schedule
    return Outcome(
        due=due, sent=books.sent - books.unsent, lost=0, unfinished=unfinished,
        bad=sum(books.bad.values()), late=books.late, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip


def locust_arrivals(url: str, rate_per_s: float, duration_s: float, folder: Path) -> Outcome:
    """The same by our locust class, with the percentiles of locust's own statistics."""
    told = arrivals([*locust(ARRIVALS), "--json-file", "locust"], url, rate_per_s, duration_s, folder)
    seen = read_statistics((folder / "locust.json").read_text(), apart=(LATE_ROW[0], UNSENT_ROW[0]))
    p50, p95, p99 = (seen.percentile_ms(share) for share in SHARES)
    recorded = seen.requests - seen.apart.get(UNSENT_ROW[0], 0)  # locust counts what never left among the requests
    return replace(told, lost=told.sent - recorded, p50_ms=p50, p95_ms=p95, p99_ms=p99)

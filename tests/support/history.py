"""Entries of a history, for tests that need many runs."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from harness.history.entry import DrillEntry, Host, LoadEntry, Quantile, RunEntry, Second
from harness.history.store import history
from harness.verdict.result import Verdict

HOST = Host("Xeon", 2, 8 * 2**30, "3.11.7", "Linux 6.1.0-28")
LOAD = LoadEntry(
    scenario="web",
    series="gateway",
    first=True,
    rate_per_s=50.0,
    engine="worker",
    steady=True,
    parallel=1,
    window_s=20,
    arrivals=2000,
    bad=0,
    late=0,
    vif=1.3,
    reference_ms=0.25,
    histogram={1042: 1900, 2000: 100},
    quantiles=(Quantile(0.5, 20.0, 19.0, 21.0), Quantile(0.95, 100.0, 95.0, 106.0), Quantile(0.99, 120.0, 110.0, None)),
    seconds=(Second("treatment", 0, True, 50, 50, 0, 0), Second("control", 0, True, 50, 49, 1, 0)),
)
RUN = RunEntry(
    started_s=1_000_000.0,
    seconds=60.0,
    folder="/runs/0",
    document="ops.md",
    bindings="gameday.yaml",
    platform="local",
    jobs=1,
    start="deployed",
    steady_s=20.0,
    verdict=Verdict.PASSED,
    revision="0123456789abcdef",
    dirty=False,
    host=HOST,
    drills=(DrillEntry("WEB", "web", Verdict.PASSED, "the SLOs recovered"),),
    loads=(LOAD,),
)


def load(p95_ms: float = 100.0, **changes: object) -> LoadEntry:
    """A load with this P95."""
    others = [each for each in LOAD.quantiles if each.q != 0.95]
    quantiles = (others[0], Quantile(0.95, p95_ms, 0.95 * p95_ms, 1.06 * p95_ms), others[1])
    return replace(LOAD, **{"quantiles": quantiles, **changes})  # type: ignore[arg-type]


def run(number: int, p95_ms: float = 100.0, **changes: object) -> RunEntry:
    """The run with this number and P95; `changes` of its load have the prefix `load_`."""
    of_load = {name.removeprefix("load_"): value for name, value in changes.items() if name.startswith("load_")}
    of_run = {name: value for name, value in changes.items() if not name.startswith("load_")}
    base = replace(RUN, number=number, started_s=RUN.started_s + 100 * number, folder=f"/runs/{number}")
    return replace(base, loads=(load(p95_ms, **of_load),), **of_run)  # type: ignore[arg-type]


def noisy(count: int, deviation: float = 0.05, seed: int = 1, first: int = 1) -> Iterator[RunEntry]:
    """Runs whose P95 varies from run to run, numbered from `first` on."""
    rng = random.Random(seed)
    for number in range(first, first + count):
        yield run(number, 100 * math.exp(rng.gauss(0, deviation)))


def fill(file: Path, *runs: RunEntry) -> list[int]:
    """Add runs to a history; returns their numbers."""
    with history(file, create=True) as opened:
        return [opened.add(each) for each in runs]

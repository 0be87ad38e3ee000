"""Records of simulated comparisons: the events of two loads with known latencies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

from harness.record.comparison import ComparisonStarted, DuetEnded, DuetStarted
from harness.record.event import CONTROL, TREATMENT, Event, SideName
from harness.record.events import LoadCounted, LoadSlice, RunEnded, RunStarted
from harness.stats.sequential import SLICE_S
from scenarios.generator.histogram import index

STARTS_S = 1000.0
RATE = 100
"""Arrivals a second on each side: blocks are one second long."""
SideSlice = Callable[[float, Random], LoadSlice]
"""The slice of a side that begins so many seconds after the first arrivals."""


def served(median_ms: float, *, sigma: float = 0.1, bad_share: float = 0.0, late: bool = False) -> SideSlice:
    """A side with log-normal latencies, and a share of bad arrivals."""

    def slice_at(at_s: float, rng: Random) -> LoadSlice:
        sent = int(RATE * SLICE_S)
        bad = sum(rng.random() < bad_share for _ in range(sent))
        hist = Counter(index(round(1000 * median_ms * rng.lognormvariate(0, sigma))) for _ in range(sent - bad))
        kinds = {"http_503": bad} if bad else {}
        return LoadSlice("gateway", STARTS_S + at_s, sent, sent - bad, kinds, {}, sent if late else 0, 0, hist)

    return slice_at


def duet(
    base: SideSlice, candidate: SideSlice, *, seconds: float = 40.0, budget_s: float = 65.0, seed: int = 1,
    quantiles: tuple[float, ...] = (50.0, 95.0, 99.0),
) -> Iterator[Event]:  # fmt: skip
    """The events of a comparison whose load lasts so many seconds."""
    rng = Random(seed)
    yield RunStarted(document="", bindings="gameday.yaml", platform="local", drills=("WEB",), t_s=STARTS_S - 3)
    yield ComparisonStarted(
        base="main", candidate="HEAD", base_detail="574e018", quantiles=quantiles, margin=0.1, alpha=0.01,
        budget_s=budget_s, seed=seed, t_s=STARTS_S - 3,
    )  # fmt: skip
    yield DuetStarted(drill="WEB", scenario="web", series="gateway", starts_s=STARTS_S, t_s=STARTS_S - 3)
    for number in range(int(seconds / SLICE_S)):
        at_s = number * SLICE_S
        yield counted(CONTROL, at_s, base(at_s, rng))
        yield counted(TREATMENT, at_s, candidate(at_s, rng))
    yield DuetEnded(drill="WEB", t_s=STARTS_S + seconds)
    yield RunEnded(t_s=STARTS_S + seconds)


def counted(side: SideName, at_s: float, piece: LoadSlice) -> LoadCounted:
    """The event at the end of a slice that begins at `at_s`."""
    until_s = STARTS_S + at_s + SLICE_S
    return LoadCounted(drill="WEB", side=side, until_s=until_s, slices=(piece,), t_s=until_s)

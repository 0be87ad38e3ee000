"""Pairs of services for the regression benchmark: simulated ones, and real ones with permuted labels.

Latencies are log-normal, P95 about 2.3 times the median. A run on its own has a speed of its own, up to 15 % from the
mean (uniform): what another machine, another hour or another neighbour brings. In a duet both sides share it, and a
drift of the machine during the run; each side also has noise of its own in every block.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from random import Random

from harness.app.reporting import RECORD
from harness.comparison.blocks import Block, Blocks
from harness.comparison.result import BlockResult, SideBlock
from harness.measures.counts import Counts
from harness.record.comparison import ComparisonStarted, DuetStarted
from harness.record.event import CONTROL
from harness.record.events import LoadCounted
from harness.record.journal import read_events
from harness.stats.histogram import Histogram, middle_ms, rank_of
from scenarios.generator.histogram import index

QUANTILES = (50.0, 95.0, 99.0)
P95 = QUANTILES.index(95.0)
MEDIAN_MS, SIGMA = 100.0, 0.5
TAIL_MS = MEDIAN_MS * math.exp(SIGMA * 1.2816)
"""Exceeded by the slowest tenth of the requests."""
RUN_NOISE = 0.15
DRIFT, DRIFT_KEPT = 0.05, 0.8
OWN_NOISE = 0.03
STALL_SHARE, STALL_FACTOR, STALL_BLOCKS = 0.02, 1.3, (1, 2, 3)
Change = Callable[[float], float]
"""What the candidate makes of a latency of the base, in ms."""


def scaled(factor: float) -> Change:
    """All requests slower by a factor."""
    return lambda latency_ms: latency_ms * factor


def tail(factor: float) -> Change:
    """The slowest tenth slower by a factor."""
    return lambda latency_ms: latency_ms * factor if latency_ms > TAIL_MS else latency_ms


CHANGES: Mapping[str, Change] = {
    "A/A": scaled(1.0),
    "A/A, one side stalls": scaled(1.0),
    "all +10 %": scaled(1.1),
    "all +20 %": scaled(1.2),
    "slowest tenth +20 %": tail(1.2),
}
STALLING = "A/A, one side stalls"


@dataclass(frozen=True)
class Pair:
    """One simulated pair: its duet, and the P95 in ms of two runs of the same services one after the other."""

    blocks: tuple[BlockResult, ...]
    apart_ms: tuple[float, float]


def simulate(name: str, blocks: int, requests: int, seed: int) -> Pair:
    """A pair with the change `name`: a duet of so many blocks with so many requests a side, and two single runs."""
    rng, change = Random(f"{name} {seed}"), CHANGES[name]
    same: Change = scaled(1.0)
    drift, duet, levels = 0.0, list[BlockResult](), [_stalls(name, blocks, rng), repeat(1.0, blocks)]
    for number, stalls in enumerate(zip(*levels, strict=True)):
        drift = DRIFT_KEPT * drift + rng.gauss(0, DRIFT)
        sides = (
            _sorted(requests, each, drift + rng.gauss(0, OWN_NOISE) + math.log(stall), rng)
            for each, stall in zip((same, change), stalls, strict=True)
        )
        duet.append(BlockResult(float(number), True, *map(_side, sides)))
    apart = (
        _quantile(_sorted(blocks * requests, each, math.log1p(rng.uniform(-RUN_NOISE, RUN_NOISE)), rng), 95.0)
        for each in (same, change)
    )
    return Pair(tuple(duet), (next(apart), next(apart)))


def _stalls(name: str, blocks: int, rng: Random) -> Iterator[float]:
    """The factor of the base in each block: now and then it is slow for a few blocks, as by a collection of garbage."""
    left = 0
    for _ in range(blocks):
        if name == STALLING and not left and rng.random() < STALL_SHARE:
            left = rng.choice(STALL_BLOCKS)
        yield STALL_FACTOR if left else 1.0
        left = max(0, left - 1)


def _sorted(requests: int, change: Change, level: float, rng: Random) -> list[float]:
    """Latencies in ms in ascending order; `level` is the logarithm of the slowness of this time."""
    factor, draw = math.exp(level), rng.lognormvariate
    mu = math.log(MEDIAN_MS)
    return sorted(factor * change(draw(mu, SIGMA)) for _ in range(requests))


def _side(latencies_ms: Sequence[float]) -> SideBlock:
    return SideBlock(len(latencies_ms), 0, tuple(_quantile(latencies_ms, percent) for percent in QUANTILES))


def _quantile(ascending_ms: Sequence[float], percent: float) -> float:
    """The quantile as the product has it: the middle of its bucket."""
    return middle_ms(index(round(1000 * ascending_ms[rank_of(percent / 100, len(ascending_ms)) - 1])))


def recorded(run: Path) -> list[Block]:
    """The usable blocks of the first load of a recorded comparison."""
    blocks: Blocks | None = None
    budget_s, runbook = 0.0, ""
    for event in read_events(run / RECORD if run.is_dir() else run):
        match event:
            case ComparisonStarted():
                budget_s = event.budget_s
            case DuetStarted() if blocks is None:
                blocks, runbook = Blocks(event.series, event.starts_s, budget_s), event.drill
            case LoadCounted() if blocks and event.drill == runbook:
                (blocks.base if event.side == CONTROL else blocks.candidate).add(event)
    settled = blocks.settled() if blocks else []
    return [block for block in settled if block.measured(()).used]


def relabelled(blocks: Sequence[Block], seed: int) -> list[Block]:
    """The same requests with their labels permuted within each block."""
    rng = Random(f"labels {seed}")
    return [Block(block.start_s, *_dealt(block.base, block.candidate, rng)) for block in blocks]


def _dealt(base: Counts, candidate: Counts, rng: Random) -> tuple[Counts, Counts]:
    """All outcomes of both sides, dealt at random to two sides of the same sizes."""
    outcomes = [*_outcomes(base), *_outcomes(candidate)]
    rng.shuffle(outcomes)
    return _counted(outcomes[: base.sent]), _counted(outcomes[base.sent :])


def _outcomes(counts: Counts) -> Iterator[int | str]:
    """A bucket for each good arrival, a kind for each bad one."""
    good = chain.from_iterable(repeat(bucket, n) for bucket, n in counts.hist.merged().items())
    return chain(good, chain.from_iterable(repeat(kind, n) for kind, n in counts.bad.items()))


def _counted(outcomes: Sequence[int | str]) -> Counts:
    good = Counter(outcome for outcome in outcomes if isinstance(outcome, int))
    bad = Counter(outcome for outcome in outcomes if isinstance(outcome, str))
    return Counts(len(outcomes), good.total(), bad, hist=Histogram(good))

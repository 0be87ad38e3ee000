"""Cuts the load of both sides into blocks: short times in which both were measured together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count, takewhile

from harness.comparison.result import BlockResult, SideBlock
from harness.measures.counts import Counts
from harness.stats.duet import MIN_BLOCKS
from harness.stats.histogram import quantile_of_all_ms
from harness.stats.sequential import SLICE_S
from harness.verdict.timeline import Timeline

WARM_UP_S = 5.0
"""Time after the first arrivals that is not judged: connections are opened, caches are filled. Its arrivals give the
rate, and by this the length of a block."""
BLOCK_REQUESTS = 100
"""Wanted arrivals of each side in a block: the smallest number whose P99 is not the largest latency."""
MIN_BLOCK_S = 1.0
UNFINISHED = "unfinished"
"""Kind of bad of an arrival that was outstanding when the load stopped (docs/reference/contracts.md)."""


@dataclass(frozen=True)
class Block:
    """The counts of both sides in one block; `start_s` in seconds from the first arrivals."""

    start_s: float
    base: Counts
    candidate: Counts

    def is_settled(self) -> bool:
        """Whether every arrival has an outcome of its own."""
        return not any(side.pending or side.bad.get(UNFINISHED) for side in (self.base, self.candidate))

    def measured(self, quantiles: Sequence[float]) -> BlockResult:
        """Its figures, with these quantiles in percent.

        It is used if it has arrivals, and the generator kept up, on both sides.
        """
        sides = self.base, self.candidate
        used = all(side.sent and not side.fell_behind for side in sides)
        return BlockResult(self.start_s, used, *(_side(each, quantiles) for each in sides))


class Blocks:
    """The blocks of one load, from the timelines of both sides; settled ones are kept."""

    def __init__(self, series: str, starts_s: float, budget_s: float) -> None:
        self.base, self.candidate = Timeline(0.0), Timeline(0.0)
        self._series, self._starts_s, self._budget_s = series, starts_s, budget_s
        self._settled: list[Block] = []
        self._slices: int | None = None

    @property
    def block_s(self) -> float | None:
        """Length of a block in seconds: time for BLOCK_REQUESTS, but at least MIN_BLOCKS fit into the budget.

        None before the end of the warm-up.
        """
        if self._slices is None and self._frontier() >= self._warm_s:
            self._slices = self._length()
        return None if self._slices is None else self._slices * SLICE_S

    @property
    def planned(self) -> int:
        """Number of blocks until the end of the budget; 0 before the length of a block is known."""
        return int(self._judged_s // self.block_s) if self.block_s else 0

    def settled(self) -> Sequence[Block]:
        """The first blocks, up to the first one that is not over, or in which an arrival has no outcome yet."""
        if self.block_s is not None:
            more = map(self._block, count(len(self._settled)))
            self._settled += takewhile(lambda block: self._is_over(block) and block.is_settled(), more)
        return self._settled[: self.planned]

    @property
    def _warm_s(self) -> float:
        return self._starts_s + WARM_UP_S

    @property
    def _judged_s(self) -> float:
        return self._budget_s - WARM_UP_S

    def _frontier(self) -> float:
        """Time before which every arrival is counted, on both sides."""
        return min(self.base.frontier, self.candidate.frontier)

    def _length(self) -> int:
        """Slices in a block."""
        sides = (self.base, self.candidate)
        arrivals = sum(side.total(self._series, self._starts_s, self._warm_s).sent for side in sides)
        longest = int(self._judged_s / MIN_BLOCKS / SLICE_S)
        wanted = BLOCK_REQUESTS * len(sides) * WARM_UP_S / SLICE_S / arrivals if arrivals else math.inf
        return longest if wanted >= longest else max(math.ceil(wanted), int(MIN_BLOCK_S / SLICE_S))

    def _block(self, index: int) -> Block:
        assert self.block_s is not None
        start_s = self._warm_s + index * self.block_s
        sides = (self.base, self.candidate)
        totals = (side.total(self._series, start_s, start_s + self.block_s) for side in sides)
        return Block(start_s - self._starts_s, *totals)

    def _is_over(self, block: Block) -> bool:
        assert self.block_s is not None
        return self._frontier() >= self._starts_s + block.start_s + self.block_s


def _side(counts: Counts, quantiles: Sequence[float]) -> SideBlock:
    return SideBlock(counts.sent, counts.failed, tuple(quantile_ms(counts, percent) for percent in quantiles))


def quantile_ms(counts: Counts, percent: float) -> float | None:
    """A latency quantile of all arrivals with an outcome in ms; bad ones count as slower than every good one.

    None if the quantile is a bad one, or without arrivals.
    """
    return quantile_of_all_ms(counts.hist.merged(), counts.ok + counts.failed, percent / 100)

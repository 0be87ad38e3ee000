"""Judges the blocks of one load: a row for each quantile, and one for the bad arrivals. Nothing else decides."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.comparison.errors import error_row
from harness.comparison.result import BlockResult, Row
from harness.stats.duet import MIN_BLOCKS, Design, Effect, Outcome, effect

MOST_WITHOUT = 0.1
"""Largest share of blocks in which a quantile may be missing, because too many arrivals are bad, or the generator fell
behind. Beyond it, the others say too little."""
FEWEST = 0.8
"""Smallest mean number of arrivals in a block, as a multiple of the 1 / (1 - q) that a q-quantile needs."""
TOO_WIDE = "the interval contains both no change and the margin"


def rows_of(
    blocks: Sequence[BlockResult], design: Design, quantiles: Sequence[float], margin: float
) -> tuple[Row, ...]:
    """The rows of a load; those of latencies without the values of both sides. `margin` is relative, such as 0.1."""
    used = [block for block in blocks if block.used]
    logs = [list(_log_ratios(used, number)) for number in range(len(quantiles))]
    latency = (
        _row(f"P{percent:g}", each, _unusable(percent, blocks, used, len(each)), design, margin)
        for percent, each in zip(quantiles, logs, strict=True)
    )
    return (*latency, error_row(used, design))


def design_of(planned: int, alpha: float, quantiles: Sequence[float], loads: int) -> Design:
    """The design: every quantile, and the bad arrivals, of each load are one claim."""
    return Design(max(1, planned), alpha, loads * (len(quantiles) + 1))


def effects_so_far(blocks: Sequence[BlockResult], design: Design, number: int) -> list[Effect | None]:
    """The effect on quantile `number` after each block, as it was judged then; None before the first value."""
    logs: list[float] = []
    found: list[Effect | None] = []
    for block in blocks:
        logs += _log_ratios([block] if block.used else [], number)
        found.append(effect(logs, design) if logs else None)
    return found


def _row(measure: str, logs: Sequence[float], unusable: str, design: Design, margin: float) -> Row:
    found = effect(logs, design) if logs else None
    limit = math.log1p(margin)
    outcome = found.outcome(limit) if found and not unusable else Outcome.UNDECIDED
    why = "" if outcome is not Outcome.UNDECIDED else unusable or TOO_WIDE
    return Row(measure, "ms", None, None, found, limit, outcome, len(logs), why)


def _log_ratios(blocks: Sequence[BlockResult], number: int) -> Iterator[float]:
    for block in blocks:
        base, candidate = block.base.quantiles_ms[number], block.candidate.quantiles_ms[number]
        if base and candidate:
            yield math.log(candidate / base)


def _unusable(percent: float, blocks: Sequence[BlockResult], used: Sequence[BlockResult], known: int) -> str:
    """Why a quantile cannot be judged that has a value on both sides in `known` of the used blocks; empty: it can."""
    if not used:
        return "no block has arrivals that were sent in time" if blocks else "no block has ended"
    if len(used) < (1 - MOST_WITHOUT) * len(blocks):
        lost = f"{len(blocks) - len(used)} of {len(blocks)} blocks"
        return f"the load generator fell behind, or nothing arrived, in {lost}"
    if known < (1 - MOST_WITHOUT) * len(used):
        return f"too many arrivals were bad in {len(used) - known} of {len(used)} blocks"
    mean, needed = _mean_requests(used), 1 / (1 - percent / 100)
    if mean < FEWEST * needed:
        return f"{mean:.0f} arrivals in a block, {needed:.0f} are needed: raise --rate or --budget"
    return f"{known} blocks, at least {MIN_BLOCKS} are needed" if known < MIN_BLOCKS else ""


def _mean_requests(blocks: Sequence[BlockResult]) -> float:
    """Mean number of arrivals of one side in a block."""
    return sum(block.base.requests + block.candidate.requests for block in blocks) / 2 / len(blocks)

"""Measures how often `gameday compare` is wrong, and how often it finds a regression, beside a naive gate.

Simulated pairs are judged as in a comparison: after every block from the twentieth on, until decided. With --record,
the labels of one real comparison are permuted within its blocks as well: whatever its two sides were, they are then
alike. The naive gate alarms if P95 is more than 10 % higher: in two runs one after the other, and in the same duet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import fmean

from benchmarks import machine
from benchmarks.duets import P95, QUANTILES, STALLING, Pair, recorded, relabelled, simulate
from benchmarks.threshold import Threshold, wilson
from harness.app.comparing import ALPHA, DEFAULT_MARGIN
from harness.comparison.blocks import BLOCK_REQUESTS
from harness.comparison.result import BlockResult, is_decided, worst
from harness.comparison.rows import design_of, rows_of
from harness.stats.duet import MIN_BLOCKS, Outcome

REQUESTS = 6_000
PAIRS, QUICK_PAIRS, RELABELLED = 1_000, 150, 300
NAIVE = 1.1
LIMIT = 0.015
"""Largest rate of false alarms."""
_EXAMPLES = """examples:
  python benchmarks/comparison_error.py --quick                     150 pairs a case
  python benchmarks/comparison_error.py --record runs/2026-01-31T12-00-00
  python benchmarks/comparison_error.py --pairs 150 --alpha 0.45    broken on purpose: too many alarms, exit 1
exit codes: 0 all thresholds met · 1 one is missed · 2 unusable input
"""


@dataclass(frozen=True)
class Trial:
    """What was decided on one pair, and after how many blocks."""

    outcome: Outcome
    blocks: int
    p95: Outcome
    """The outcome if only P95 is compared."""
    naive_apart: bool
    naive_duet: bool


@dataclass(frozen=True)
class Rate:
    """`count` of `of`, with the Wilson interval at 95 %."""

    count: int
    of: int

    @property
    def share(self) -> float:
        """The observed share."""
        return self.count / self.of

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the interval."""
        return wilson(self.share, self.of)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.share:.1%} [{low:.1%}, {high:.1%}]"


@dataclass(frozen=True)
class Cell:
    """The trials of one case."""

    name: str
    trials: tuple[Trial, ...]

    def rate(self, true: Callable[[Trial], bool]) -> Rate:
        """How often something is true of a trial."""
        return Rate(sum(map(true, self.trials)), len(self.trials))

    @property
    def alarms(self) -> Rate:
        """How often the comparison found a regression."""
        return self.rate(lambda each: each.outcome is Outcome.REGRESSED)

    @property
    def p95_alarms(self) -> Rate:
        """How often it did if only P95 is compared."""
        return self.rate(lambda each: each.p95 is Outcome.REGRESSED)


def decide(blocks: Sequence[BlockResult], quantiles: Sequence[float], alpha: float) -> tuple[Outcome, int]:
    """The outcome of a comparison that is judged after every block, and the blocks it took."""
    design = design_of(len(blocks), alpha, quantiles, 1)
    for number in range(min(MIN_BLOCKS, len(blocks)), len(blocks) + 1):
        rows = rows_of(blocks[:number], design, quantiles, DEFAULT_MARGIN)
        if is_decided(rows):
            return worst(row.outcome for row in rows), number
    return Outcome.UNDECIDED, len(blocks)


def trial_of(pair: Pair, alpha: float) -> Trial:
    """Judge a pair by every method."""
    only = [_only_p95(block) for block in pair.blocks]
    before_ms, after_ms = pair.apart_ms
    return Trial(
        *decide(pair.blocks, QUANTILES, alpha),
        decide(only, (95.0,), alpha)[0],
        after_ms > NAIVE * before_ms,
        _naive(pair.blocks),
    )


def _only_p95(block: BlockResult) -> BlockResult:
    sides = (type(side)(side.requests, side.bad, (side.quantiles_ms[P95],)) for side in (block.base, block.candidate))
    return BlockResult(block.start_s, block.used, *sides)


def _naive(blocks: Sequence[BlockResult]) -> bool:
    """Whether the mean P95 of the blocks is more than 10 % higher."""
    before_ms, after_ms = (
        fmean(getattr(block, side).quantiles_ms[P95] or 0.0 for block in blocks) for side in ("base", "candidate")
    )
    return after_ms > NAIVE * before_ms


def simulated(name: str, alpha: float, seed: int) -> Trial:
    """The trial of one simulated pair."""
    return trial_of(simulate(name, REQUESTS // BLOCK_REQUESTS, BLOCK_REQUESTS, seed), alpha)


def permuted(run: Path, alpha: float, seeds: range) -> list[Trial]:
    """The trials of a recorded comparison with permuted labels. The naive gate has no second run here."""
    blocks, found = recorded(run), []
    for seed in seeds:
        duet = tuple(block.measured(QUANTILES) for block in relabelled(blocks, seed))
        found.append(trial_of(Pair(duet, (1.0, 1.0)), alpha))
    return found


def measure(pairs: int, alpha: float, jobs: int, names: Sequence[str]) -> Iterator[Cell]:
    """Simulate the pairs of each case."""
    with ProcessPoolExecutor(jobs) as pool:
        for name in names:
            trials = pool.map(partial(simulated, name, alpha), range(pairs), chunksize=10)
            yield Cell(name, tuple(trials))


def thresholds_of(cells: dict[str, Cell]) -> Iterator[Threshold]:
    """The thresholds of the cases that were measured, and that the naive gate misses its own."""
    same = cells["A/A"]
    yield Threshold("A/A: at most 1.5 % false alarms", same.alarms.share <= LIMIT, str(same.alarms))
    naive = same.rate(lambda each: each.naive_apart)
    yield Threshold("A/A: the naive gate alarms more often than 1.5 %", naive.share > LIMIT, str(naive))
    for name, least in (("all +10 %", 0.95), ("all +20 %", 0.99), ("slowest tenth +20 %", 0.95)):
        for text, rate in (("", cells[name].alarms), (", P95 alone", cells[name].p95_alarms)):
            yield Threshold(f"{name}{text}: found in at least {least:.0%}", rate.share >= least, str(rate))
    if RELABELLING in cells:
        rate = cells[RELABELLING].alarms
        yield Threshold(f"{RELABELLING}: at most 1.5 % false alarms", rate.share <= LIMIT, str(rate))


RELABELLING = "real, relabelled"
CASES = ("A/A", STALLING, "all +10 %", "all +20 %", "slowest tenth +20 %")


def table(cells: Sequence[Cell]) -> Iterator[str]:
    """The lines of the table: rates of alarms with Wilson intervals, and the requests that it took."""
    heads = ("case", 22), ("alarms", 24), ("P95 alone", 24), ("naive, two runs", 24), ("naive, duet", 24)
    yield "".join(f"{head:<{width}}" for head, width in heads) + f"{'not worse':>9}{'requests':>10}"
    for cell in cells:
        apart = "–" if cell.name == RELABELLING else str(cell.rate(lambda each: each.naive_apart))
        duet, fine = cell.rate(lambda each: each.naive_duet), cell.rate(lambda each: each.outcome is Outcome.NOT_WORSE)
        requests = BLOCK_REQUESTS * fmean(each.blocks for each in cell.trials)
        yield (
            f"{cell.name:<22}{cell.alarms!s:<24}{cell.p95_alarms!s:<24}{apart:<24}{duet!s:<24}"
            f"{fine.share:>9.1%}{requests:>10,.0f}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 when all thresholds are met, otherwise 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_PAIRS} pairs a case")
    parser.add_argument("--pairs", type=int, help=f"simulated pairs a case (default: {PAIRS})")
    parser.add_argument("--record", type=Path, metavar="RUN", help="also relabel this recorded comparison")
    parser.add_argument("--relabelled", type=int, default=RELABELLED, help=f"how often (default: {RELABELLED})")
    parser.add_argument(
        "--alpha", type=float, default=ALPHA, help=f"error probability (default: the product's, {ALPHA})"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(arguments)
    pairs = options.pairs if options.pairs is not None else QUICK_PAIRS if options.quick else PAIRS
    if pairs < 1 or options.relabelled < 1 or not 0 < options.alpha < 0.5 or options.jobs < 1:
        parser.error("--pairs, --relabelled and --jobs are numbers above 0, --alpha lies between 0 and 0.5")
    cells = {cell.name: cell for cell in measure(pairs, options.alpha, options.jobs, CASES)}
    if options.record is not None:
        found = permuted(options.record, options.alpha, range(options.relabelled))
        cells[RELABELLING] = Cell(RELABELLING, tuple(found))
    thresholds = list(thresholds_of(cells))
    write = _json if options.json else _text
    sys.stdout.write(write(list(cells.values()), thresholds, pairs))
    return 0 if all(threshold.ok for threshold in thresholds) else 1


def _text(cells: Sequence[Cell], thresholds: Sequence[Threshold], pairs: int) -> str:
    head = f"{pairs} simulated pairs a case, at most {REQUESTS:,} requests a side, margin {DEFAULT_MARGIN:.0%}; [95 %]"
    marks = (each.line for each in thresholds)
    return "\n".join([machine.lines(machine.this_machine()), head, "", *table(cells), "", *marks]) + "\n"


def _json(cells: Sequence[Cell], thresholds: Sequence[Threshold], pairs: int) -> str:
    rates = {cell.name: {"alarms": asdict(cell.alarms), "interval": cell.alarms.interval} for cell in cells}
    facts = {"machine": machine.this_machine().to_json(), "pairs": pairs, "cases": rates}
    return json.dumps({**facts, "thresholds": [asdict(each) for each in thresholds]}, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())

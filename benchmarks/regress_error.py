"""How often `gameday regress` alarms without a change, and finds one, beside the gate "P95 grew by more than 10 %".

Simulated histories: a baseline of 20 runs, the run to judge, and its re-runs where it alarms. All go through the
product's own judgement. Only the noise from run to run is simulated, as several machines have it.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import fmean

from benchmarks import machine
from benchmarks.threshold import Threshold, wilson
from harness.history.baseline import Baseline
from harness.history.entry import Host, LoadEntry, Quantile, RunEntry
from harness.history.profile import Measured
from harness.history.regression import Case, Outcome
from harness.verdict.result import Verdict

QUICK_RUNS, RUNS = 400, 4000
BASELINE_RUNS = 20
CHANGES = (0.0, 0.1, 0.2, 0.5)
NAIVE_LIMIT = 1.1
_DEVIATION = 0.15 / math.sqrt(3)
"""Standard deviation of a uniform distribution over ±15 %."""
_EXAMPLES = """\
examples:
  python benchmarks/regress_error.py            400 histories of each kind
  python benchmarks/regress_error.py --runs 4000
"""

Machine = Callable[[random.Random], Iterator[tuple[float, float]]]
"""Yields the logarithms of P95 and of the reference of one run after the other."""


def uniform(rng: random.Random) -> Iterator[tuple[float, float]]:
    """±15 % from run to run, which the reference does not show."""
    while True:
        yield rng.uniform(-0.15, 0.15), rng.gauss(0, 0.03)


def normal(rng: random.Random) -> Iterator[tuple[float, float]]:
    """Normal noise of the same deviation."""
    while True:
        yield rng.gauss(0, _DEVIATION), rng.gauss(0, 0.03)


def heavy(rng: random.Random) -> Iterator[tuple[float, float]]:
    """Student's t with five degrees of freedom, of the same deviation: some runs are far off."""
    while True:
        scale = math.sqrt(5 / rng.gammavariate(2.5, 2.0))
        yield _DEVIATION * math.sqrt(3 / 5) * rng.gauss(0, 1) * scale, rng.gauss(0, 0.03)


def speed(rng: random.Random) -> Iterator[tuple[float, float]]:
    """A machine whose speed varies by ±15 %: P95 and reference follow it, each with 2 % of its own noise."""
    while True:
        slow = rng.uniform(-0.15, 0.15)
        yield slow + rng.gauss(0, 0.02), slow + rng.gauss(0, 0.02)


def quiet(rng: random.Random) -> Iterator[tuple[float, float]]:
    """A quiet machine: 3 %."""
    while True:
        yield rng.gauss(0, 0.03), rng.gauss(0, 0.01)


MACHINES: Mapping[str, Machine] = {
    "±15 %, uniform": uniform,
    "±15 %, normal": normal,
    "±15 %, heavy tails": heavy,
    "±15 %, in the reference": speed,
    "3 %": quiet,
}
_HOST = Host("simulated", 2, 2**33, "3.11", "Linux 6.1")
_LOAD = LoadEntry("simulated", "gateway", True, None, "worker", True, 1, 30, 3000, 0, 0, 1.3, None)
_RUN = RunEntry(
    0.0, 60.0, "", "ops.md", "gameday.yaml", "local", 1, "deployed", 30.0, Verdict.PASSED, "", False, _HOST
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Shares of the histories of one machine, with one change, in which each method alarms."""

    machine: str
    change: float
    ours: float
    without_reruns: float
    naive: float
    detectable: float
    """Mean of the change that ours states as detectable with a probability of 80 %."""


def run_of(number: int, point: tuple[float, float], change: float = 0.0) -> Measured:
    """Return the entry of a simulated run; the machine's noise is in `point`."""
    p95_ms = 100 * math.exp(point[0]) * (1 + change)
    quantiles = (Quantile(0.95, p95_ms, p95_ms, p95_ms),)
    load = replace(_LOAD, quantiles=quantiles, reference_ms=math.exp(point[1]))
    return Measured(replace(_RUN, number=number, loads=(load,)), load)


def history_of(simulated: Machine, change: float, rng: random.Random) -> tuple[bool, bool, bool, float]:
    """Simulate one history; return the alarms of ours, with and without re-runs, and of the naive gate; the effect."""
    points = simulated(rng)
    runs = tuple(run_of(number, next(points)) for number in range(1, BASELINE_RUNS + 1))
    baseline = Baseline(runs[0].profile, runs, 0.0)
    judged = run_of(BASELINE_RUNS + 1, next(points), change)
    case = Case(judged, [baseline])
    alone, prediction = case.judgement.outcome is Outcome.REGRESSED, case.judgement.prediction
    assert prediction is not None, case.judgement.reasons
    while case.undecided:
        case.add(run_of(BASELINE_RUNS + 1 + len(case.runs), next(points), change))
    naive = judged.point.p95 > NAIVE_LIMIT * fmean(each.point.p95 for each in runs)
    return case.judgement.outcome is Outcome.REGRESSED, alone, naive, prediction.detectable - 1


def row_of(name: str, change: float, runs: int) -> Row:
    """Return the shares over `runs` histories of a machine."""
    rng = random.Random(f"{name} {change}")
    found = [history_of(MACHINES[name], change, rng) for _ in range(runs)]
    ours, alone, naive, detectable = (fmean(column) for column in zip(*found, strict=True))
    return Row(name, change, ours, alone, naive, detectable)


def thresholds_of(rows: Sequence[Row]) -> list[Threshold]:
    """Return the thresholds: alarms without a change, that the naive gate fails, and the power."""
    still = [row for row in rows if not row.change]
    worst = max(still, key=lambda row: row.without_reruns)
    found = [
        Threshold("alarms without a change, no re-runs: at most 2.5 % on every machine", worst.without_reruns <= 0.025,
                  f"{worst.without_reruns:.2%} ({worst.machine})"),
        Threshold("alarms without a change, with re-runs: at most 1 % on every machine",
                  max(row.ours for row in still) <= 0.01, f"{max(row.ours for row in still):.2%}"),
    ]  # fmt: skip
    by = {(row.machine, row.change): row for row in rows}
    naive = by["±15 %, uniform", 0.0].naive
    found.append(Threshold("naive gate, must fail: more than 5 % alarms at ±15 %", naive > 0.05, f"{naive:.1%}"))
    for name, change, least in (
        ("±15 %, uniform", 0.5, 0.95),
        ("±15 %, in the reference", 0.2, 0.95),
        ("3 %", 0.1, 0.6),
        ("3 %", 0.2, 0.99),
    ):
        share = by[name, change].ours
        found.append(Threshold(f"{change:+.0%} found at {name}: at least {least:.0%}", share >= least, f"{share:.1%}"))
    return found


def table(rows: Sequence[Row], runs: int) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'noise':<26}{'change':>8}{'ours':>8}{'interval':>16}{'no re-runs':>12}{'> 10 %':>8}{'detectable':>12}"
    for row in rows:
        low, high = wilson(row.ours, runs)
        interval = f"[{low:.1%}, {high:.1%}]"
        yield (
            f"{row.machine:<26}{row.change:>+8.0%}{row.ours:>8.1%}{interval:>16}{row.without_reruns:>12.1%}"
            f"{row.naive:>8.1%}{row.detectable:>+12.0%}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, print, and return 0 when all thresholds are met, otherwise 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} histories of each kind (the default)")
    parser.add_argument("--runs", type=int, default=QUICK_RUNS, help=f"histories of each kind (full: {RUNS})")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs is a number above 0")
    rows = [row_of(name, change, options.runs) for name in MACHINES for change in CHANGES]
    thresholds, here = thresholds_of(rows), machine.this_machine()
    if options.json:
        found = {"rows": [asdict(row) for row in rows], "thresholds": [asdict(each) for each in thresholds]}
        sys.stdout.write(json.dumps({"machine": here.to_json(), "runs": options.runs, **found}, indent=2) + "\n")
    else:
        head = f"{options.runs} histories of each kind, baselines of {BASELINE_RUNS} runs; simulated noise"
        sys.stdout.write("\n".join([machine.lines(here), head, *table(rows, options.runs), ""]) + "\n")
        sys.stdout.writelines(f"{each.line}\n" for each in thresholds)
    return 0 if all(each.ok for each in thresholds) else 1


if __name__ == "__main__":
    sys.exit(main())

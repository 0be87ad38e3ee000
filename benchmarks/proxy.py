"""Cost of the proxy in front of a Service, idle and with a fault, beside toxiproxy: CPU and latency at a fixed rate."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by its path: then this folder comes first, and its websockets.py hides the package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import ours, report
from benchmarks.parts.outcome import Outcome, unexplained
from benchmarks.parts.processes import RunError, Server
from benchmarks.parts.proxies import INSTALL, Ours, Proxy, Toxiproxy, find_toxiproxy
from benchmarks.parts.report import Report, Table, Threshold, number

DELAY_MS = 20.0
DIRECT, IDLE = "no proxy", "ours, idle"
BESIDE, FAULT = f"ours, idle, service takes {DELAY_MS:g} ms", f"ours, latency of {DELAY_MS:g} ms"
TOXI_IDLE, TOXI_FAULT = "toxiproxy, idle", f"toxiproxy, latency of {DELAY_MS:g} ms"
EXAMPLES = """  python benchmarks/proxy.py --quick
  python -m benchmarks.proxy --rate 500 --seconds 10 --repeats 3"""


@dataclass(frozen=True)
class Kind:
    """What stands in front of the service, and what takes time: the proxy's fault, or the service itself."""

    proxy: type[Proxy] | None = None
    fault_ms: float = 0.0
    service_ms: float = 0.0


KINDS = {
    DIRECT: Kind(),
    IDLE: Kind(Ours),
    BESIDE: Kind(Ours, service_ms=DELAY_MS),
    FAULT: Kind(Ours, fault_ms=DELAY_MS),
    TOXI_IDLE: Kind(Toxiproxy),
    TOXI_FAULT: Kind(Toxiproxy, fault_ms=DELAY_MS),
}


@dataclass(frozen=True)
class Sample:
    """One run of the load; `proxy_cpu_s` is the processor time of the proxy meanwhile."""

    outcome: Outcome
    at_server: int
    proxy_cpu_s: float

    @property
    def proxy_us(self) -> float:
        """Processor time of the proxy for a request, in µs."""
        return self.proxy_cpu_s * 1e6 / max(1, self.outcome.sent)

    @property
    def load_us(self) -> float:
        """Processor time of the load for a request, its start included, in µs."""
        return self.outcome.cpu_s_per_10k * 100


Samples = dict[str, list[Sample]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = report.parser(str(__doc__), EXAMPLES)
    parser.add_argument("--rate", type=report.positive, default=1000.0, help="arrivals a second (1000)")
    parser.add_argument("--seconds", type=report.positive, help="length of one run (10; quick: 6)")
    options = parser.parse_args(argv)
    return report.finish(lambda: measure(options), ("uvloop", "httptools"), options.json)


def measure(options: argparse.Namespace) -> Report:
    """Run every row once per round, one after the other, so that a drift of the machine affects all of them."""
    seconds, repeats = (
        options.seconds or (6.0 if options.quick else 10.0),
        options.repeats or (1 if options.quick else 5),
    )
    names = [name for name, kind in KINDS.items() if kind.proxy is not Toxiproxy or find_toxiproxy()]
    samples: Samples = {name: [] for name in names}
    with Server("benchmarks.parts.target") as server:
        for round_ in range(repeats):
            for name in names:
                report.progress(f"round {round_ + 1} of {repeats}: {name}")
                samples[name].append(_run(server, name, options.rate, seconds))
    rules = (
        f"{options.rate:g} arrivals/s, each run {seconds:g} s, medians of {repeats}; latencies from the intended start",
        "CPU of the load: the fast worker, precise, start-up included; CPU of the proxy: while the load runs",
        f"requests that take {DELAY_MS:g} ms need more connections, wherever the time goes: what that costs shows the",
        "row of an idle proxy in front of a service that takes as long",
    )
    notes = [] if find_toxiproxy() else [f"toxiproxy is missing: `{INSTALL}`"]
    figures = {name: [asdict(run) for run in runs] for name, runs in samples.items()}
    return Report(rules, [_table(samples)], thresholds(samples), notes, figures)


def _run(server: Server, name: str, rate_per_s: float, duration_s: float) -> Sample:
    kind = KINDS[name]
    server.ask(op="reset", stall_at_s=0, stall_s=0, service_s=kind.service_ms / 1000)
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        for part in ("proxy", "load"):
            (Path(folder) / part).mkdir()
        with kind.proxy(server.port, Path(folder) / "proxy") if kind.proxy else nullcontext() as proxy:
            if proxy and kind.fault_ms and not proxy.delay(kind.fault_ms):
                raise RunError(f"{name}: the fault was not accepted")
            before_s, url = proxy.cpu_s() if proxy else 0.0, proxy.url if proxy else server.url
            load = Path(folder) / "load"
            outcome = ours.arrivals(ours.worker(ours.ARRIVALS), url, rate_per_s, duration_s, load)
            used_s = proxy.cpu_s() - before_s if proxy else 0.0
    return Sample(outcome, server.ask(op="count")["requests"], used_s)


def _middle(runs: Sequence[Sample], read: Callable[[Sample], float]) -> float:
    return statistics.median(map(read, runs))


def _table(samples: Samples) -> Table:
    columns = ("", "proxy µs/request", "of the load", "load µs/request", "P50 ms", "P95 ms", "P99 ms", "late")
    return Table("", columns, [_row(name, runs) for name, runs in samples.items()])


def _row(name: str, runs: Sequence[Sample]) -> tuple[str, ...]:
    proxy, load = _middle(runs, lambda run: run.proxy_us), _middle(runs, lambda run: run.load_us)
    percentiles = (
        _middle(runs, lambda run: run.outcome.p50_ms),
        _middle(runs, lambda run: run.outcome.p95_ms),
        _middle(runs, lambda run: run.outcome.p99_ms),
    )
    late = _middle(runs, lambda run: run.outcome.late or 0)
    return name, number(proxy), number(proxy / load), number(load), *map(number, percentiles), f"{late:g}"


def thresholds(samples: Samples) -> list[Threshold]:
    """Return the thresholds on cost, latency and counts."""
    cpu = {name: _middle(runs, lambda run: run.proxy_us) for name, runs in samples.items()}
    p50 = {name: _middle(runs, lambda run: run.outcome.p50_ms) for name, runs in samples.items()}
    load = _middle(samples[FAULT], lambda run: run.load_us)
    found = [
        Threshold("P50 that our idle proxy adds, ms", p50[IDLE] - p50[DIRECT], most=0.2),
        Threshold(
            "CPU that our fault adds to the idle proxy, of the load's", (cpu[FAULT] - cpu[IDLE]) / load, most=0.15
        ),
        Threshold("P50 that our fault adds, of its delay", (p50[FAULT] - p50[IDLE]) / DELAY_MS, least=0.95, most=1.1),
    ]
    if TOXI_FAULT in samples:
        found.append(Threshold("CPU of ours with the fault, of toxiproxy's", cpu[FAULT] / cpu[TOXI_FAULT], most=1))
        found.append(Threshold("CPU of ours idle, of toxiproxy's", cpu[IDLE] / cpu[TOXI_IDLE], most=1))
    everything = [run for runs in samples.values() for run in runs]
    strays = sum(unexplained(run.outcome, run.at_server) for run in everything)
    found.append(Threshold("requests at the server that sent ones do not explain", strays, most=0))
    return [*found, Threshold("bad answers", sum(run.outcome.bad for run in everything), most=0)]


if __name__ == "__main__":
    sys.exit(main())

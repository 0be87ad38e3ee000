"""Cost of the traces of the shipped services: processor time of gateway and inference at a drill's load, on and off.

Two pairs of pods run at the same time under the same load, one of them with traces. Only their own processor time is
compared, as the kernel counts it in ns, never wall time. Each round starts new pods, in random order.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

if __package__ in (None, ""):  # run by its path: then this folder comes first, and its websockets.py hides the package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import ours, report
from benchmarks.parts.processes import ROOT, Child, RunError
from benchmarks.parts.report import Report, Table, Threshold, number
from harness.http import call
from harness.machine.loopback import free_port

SCENARIO = ROOT / "scenarios" / "timeout.py"
RATE_PER_S = 50.0
"""That of the scenario `timeout`."""
WARM_UP_S = 3.0
READY_S = 20.0
MOST = 1.05
CONFIDENCE = 0.95
EXAMPLES = """  python benchmarks/tracing.py --quick
  python -m benchmarks.tracing --repeats 40 --seconds 10"""


@dataclass(frozen=True)
class Round:
    """Processor seconds of both pairs of pods over the same time, and the spans that arrived."""

    off_s: float
    on_s: float
    spans: int

    @property
    def ratio(self) -> float:
        """With traces, divided by without."""
        return self.on_s / self.off_s


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    parser = report.parser(str(__doc__), EXAMPLES)
    parser.add_argument("--rate", type=report.positive, default=RATE_PER_S, help="requests a second (50)")
    parser.add_argument("--seconds", type=report.positive, help="length of one round (10; quick: 4)")
    parser.add_argument("--share", type=float, default=0.05, help="share of the requests that is traced (0.05)")
    options = parser.parse_args(argv)
    return report.finish(lambda: measure(options), ("uvloop", "httptools"), options.json)


def measure(options: argparse.Namespace) -> Report:
    """Run the rounds."""
    count = options.repeats or (4 if options.quick else 40)
    seconds = options.seconds or (4.0 if options.quick else 10.0)
    rounds = []
    for index in range(count):
        rounds.append(one_round(options.rate, seconds, options.share, random.Random(index)))
        report.progress(f"round {index + 1} of {count}: {rounds[-1].ratio:.3f}")
    return summary(rounds, options, seconds)


def summary(rounds: Sequence[Round], options: argparse.Namespace, seconds: float) -> Report:
    """The report of the rounds."""
    ratios = [each.ratio for each in rounds]
    ratio, (low, high) = statistics.median(ratios), interval(ratios)
    sent = options.rate * seconds
    rows = [
        [name, number(statistics.median(cpu_s) * 1e6 / sent), number(statistics.median(cpu_s) / seconds * 100)]
        for name, cpu_s in (("off", [each.off_s for each in rounds]), ("on", [each.on_s for each in rounds]))
    ]
    share = f"{options.share:g}"
    return Report(
        rules=(f"{len(rounds)} rounds of {seconds:g} s at {options.rate:g} requests/s; share of traces {share}",),
        tables=[
            Table("gateway and inference together", ("traces", "CPU µs/request", "% of a core"), rows),
            Table("on / off, by round", ("", "median", f"{CONFIDENCE:.0%} interval"), [
                ["ratio", f"{ratio:.3f}", f"{low:.3f} to {high:.3f}"],
            ]),
        ],
        thresholds=[
            Threshold("median of the ratios", ratio, most=MOST),
            Threshold("spans that arrived in a round, at least", min(each.spans for each in rounds), least=1),
        ],
        notes=() if high <= MOST else (f"the interval reaches beyond {MOST:g}: more rounds would say more",),
        figures={"ratio": ratio, "low": low, "high": high, "rounds": [asdict(each) for each in rounds]},
    )  # fmt: skip


def interval(values: Sequence[float], confidence: float = CONFIDENCE) -> tuple[float, float]:
    """A confidence interval of the median without assumptions, by order statistics; infinite with too few values.

    The number of values below the median is binomial (n, 1/2) (Conover, Practical Nonparametric Statistics, ch. 3.2).
    """
    ordered, n = sorted(values), len(values)
    outside, rank = 0.0, 0
    while (outside := outside + math.comb(n, rank) / 2**n) <= (1 - confidence) / 2:
        rank += 1
    return (ordered[rank - 1], ordered[n - rank]) if rank else (-math.inf, math.inf)


def one_round(rate_per_s: float, seconds: float, share: float, rng: random.Random) -> Round:
    """Measure both pairs at the same time."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gameday-bench-")))
        collector = stack.enter_context(collecting())
        variables = {
            "off": {},
            "on": {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_TRACES_SAMPLER_ARG": f"{share:g}"},
        }
        names = rng.sample(sorted(variables), 2)
        pairs = {name: stack.enter_context(pods(folder / name, variables[name])) for name in names}
        loads = [
            stack.enter_context(_load(pairs[name].url, rate_per_s, seconds, folder / f"{name}-load")) for name in names
        ]
        for each in loads:
            _await_load(each)
        time.sleep(WARM_UP_S)
        began_s = {name: pairs[name].cpu_s() for name in names}
        time.sleep(seconds)
        used_s = {name: pairs[name].cpu_s() - began_s[name] for name in names}
        if ended := [each.output_end() for each in loads if each.process.poll() is not None]:
            raise RunError(f"the load has ended: {ended[0]}")
    return Round(used_s["off"], used_s["on"], collector.spans)


@dataclass(frozen=True)
class Pair:
    """A gateway before an inference; `url` is that of the gateway."""

    url: str
    members: Sequence[Child]

    def cpu_s(self) -> float:
        """Processor time until now. Raises RunError when one has ended."""
        return sum(map(cpu_s_of, self.members))


@contextmanager
def pods(folder: Path, variables: Mapping[str, str]) -> Iterator[Pair]:
    """A running pair."""
    with ExitStack() as stack:
        inference = stack.enter_context(_pod("inference", folder, variables))
        upstream = {"INFERENCE_URL": _url(inference)}
        gateway = stack.enter_context(_pod("api-gateway", folder, {**variables, **upstream}))
        yield Pair(_url(gateway), (inference, gateway))


class _Pod(Child):
    """One service as a process."""

    port: int


def _url(pod: _Pod) -> str:
    return f"http://127.0.0.1:{pod.port}"


@contextmanager
def _pod(service: str, folder: Path, variables: Mapping[str, str]) -> Iterator[_Pod]:
    place, port = folder / service, free_port()
    place.mkdir(parents=True)
    environment = {"PORT": str(port), "POD_NAME": service, "APP_DIR": str(place), **variables}
    with _Pod([sys.executable, "-m", "fakes", service], place, environment) as pod:
        pod.port = port
        limit_s = time.monotonic() + READY_S
        while not call("GET", f"{_url(pod)}/health").healthy:
            if time.monotonic() > limit_s:
                raise RunError(f"{service} is not ready: {pod.output_end()}")
            time.sleep(0.05)
        yield pod


def _load(url: str, rate_per_s: float, seconds: float, folder: Path) -> ours.Run:
    """The scenario `timeout`, longer than the measurement; both pairs have the same requests."""
    folder.mkdir()
    settings = {"GAMEDAY_DURATION_S": f"{seconds + 60:g}", "GAMEDAY_SEED": "1"}
    return ours.Run([sys.executable, "-m", "scenarios.worker", str(SCENARIO)], url, rate_per_s, folder, settings)


def _await_load(load: ours.Run) -> None:
    """Wait until a load sends. Raises RunError when it does not."""
    limit_s = time.monotonic() + READY_S
    while not load.stream.series:
        if load.process.poll() is not None or time.monotonic() > limit_s:
            raise RunError(f"the load does not send: {load.output_end()}")
        time.sleep(0.05)


def cpu_s_of(child: Child) -> float:
    """Processor time of one process and all its threads, by its clock (clock_getcpuclockid(3) on Linux)."""
    if child.process.poll() is not None:
        raise RunError(f"{child.command[-1]} has ended: {child.output_end()}")
    return time.clock_gettime((~child.process.pid << 3) | 2)


class Collector(ThreadingHTTPServer):
    """Takes spans, and counts them."""

    daemon_threads = True
    spans = 0

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        self.server.spans += self.rfile.read(int(self.headers["Content-Length"])).count(b'"spanId"')
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collecting() -> Iterator[Collector]:
    """A running collector."""
    with Collector(("127.0.0.1", 0), _Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        yield server
        server.shutdown()


if __name__ == "__main__":
    sys.exit(main())

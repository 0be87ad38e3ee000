"""The live page: CPU time of its server with ten open pages; whether one that does not read delays the record."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import psutil

if __package__ in (None, ""):  # run by its path
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from benchmarks.parts import report
from benchmarks.parts.long_record import bucket_of
from benchmarks.parts.page_readers import open_stream
from benchmarks.parts.report import Report, Table, Threshold, UnusableError, number
from harness.app.page import Page, PageRequest, open_page
from harness.clock import now_s
from harness.gameday.judging import LiveJudges
from harness.listeners.web.messages import Messages
from harness.record.event import CONTROL, TREATMENT, SideName
from harness.record.events import (
    DrillStarted,
    FaultApplied,
    LoadCounted,
    LoadSlice,
    PhaseEnded,
    PhaseStarted,
    RunStarted,
    StepExecuted,
)
from harness.record.header import SloPlan, SymptomPlan
from harness.record.journal import Journal
from harness.record.listener import ListenerThread
from harness.record.steps import StepFacts

PAGES, SECONDS, QUICK_SECONDS = 10, 60.0, 15.0
MOST_PERCENT = 5.0
MOST_MS = 1e3 * sys.getswitchinterval()
"""For so long one thread of Python may hold up another one that is ready, whatever it does."""
RATE, SLICE_S = 100, 0.25
SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)
FILLING, WRITES, PACE_S, OUTPUT = 2_000, 500, 0.02, "a line of a log\n" * 250
"""Events that fill the buffers to a page that does not read, and those that are timed, with the output of a step."""
PLAN = {"document": "ops.md", "drills": [], "deadlines": [], "by_hand": False}
EXAMPLES = "  python benchmarks/live_page.py"


class Drill:
    """A drill whose events are written as in a run, with the listener of a page, and without platforms."""

    def __init__(self, folder: Path, page: Page | None) -> None:
        self.journal, judges = Journal(folder / "record.jsonl"), LiveJudges()
        self.journal.deliver_to(judges.put)
        self.feed = page.show(PLAN) if page else None
        self._listener = ListenerThread(self.journal, Messages(judges.of, self.feed)) if self.feed else None
        self._rng = Random(0)
        for event in (RunStarted(document="ops.md", drills=("WEB",)), _header()):
            self.journal.write(event)

    def load(self, seconds: float) -> None:
        """Write what two sides under load write in so many seconds, at its own pace; a fault comes after a third."""
        begin = next_s = time.monotonic()
        self.journal.write(PhaseStarted(drill="WEB", phase="baseline"))
        broken = False
        while (now := time.monotonic()) < begin + seconds:
            if not broken and now > begin + seconds / 3:
                broken = True
                self.journal.write(PhaseEnded(drill="WEB", phase="baseline", decides=True, answer=True))
                self.journal.write(PhaseStarted(drill="WEB", phase="symptoms"))
                for side in SIDES:
                    self.journal.write(FaultApplied(drill="WEB", side=side, text="f"))
            for side in SIDES:
                self.journal.write(self._counted(side, slower=4.0 if broken else 1.0))
            next_s += SLICE_S
            time.sleep(max(0.0, next_s - time.monotonic()))

    def _counted(self, side: SideName, slower: float) -> LoadCounted:
        until_s = now_s()
        hist: dict[int, int] = {}
        for _ in range(round(RATE * SLICE_S)):
            bucket = bucket_of(self._rng.lognormvariate(4.8, 0.5) * slower)
            hist[bucket] = hist.get(bucket, 0) + 1
        at_s, sent = (until_s // SLICE_S - 1) * SLICE_S, sum(hist.values())
        return LoadCounted(
            drill="WEB", side=side, until_s=until_s, slices=(LoadSlice("web", at_s, sent, sent, hist=hist),)
        )

    def steps(self) -> list[float]:
        """Write many steps with much output, then more at a pace; return how long each of the latter took, in ms."""
        for each in range(FILLING):
            self.journal.write(_step(each))
        took_ms = []
        for each in range(WRITES):
            time.sleep(PACE_S)
            begin = time.perf_counter()
            self.journal.write(_step(FILLING + each))
            took_ms.append(1e3 * (time.perf_counter() - begin))
        return sorted(took_ms)

    def close(self) -> None:
        """End the record and the listener."""
        self.journal.close()
        if self._listener:
            self._listener.close()


def _header() -> DrillStarted:
    return DrillStarted(
        drill="WEB", title="Web", line=1, fault="f", scenario="web",
        symptoms=(SymptomPlan(10, "slow", "p95(web) > 500ms"),),
        slos=(
            SloPlan("availability", "availability(web) >= 99%", 28 * 86400.0),
            SloPlan("latency", "p95(web) < 500ms", 28 * 86400.0),
        ),
    )  # fmt: skip


def _step(number_: int) -> StepExecuted:
    facts = StepFacts(number_, number_, "command", "read", "kubectl logs", ran=True, exit_status=0, stdout=OUTPUT)
    return StepExecuted(drill="WEB", facts=facts)


@contextmanager
def readers(page: Page, count: int) -> Iterator[subprocess.Popen[str]]:
    """Pages in a process of their own, which read everything."""
    access = page.access
    argv = [
        sys.executable,
        "-m",
        "benchmarks.parts.page_readers",
        str(access.port),
        f"{access.cookie}={access.session}",
    ]
    root = Path(__file__).resolve().parents[1]
    with subprocess.Popen(
        [*argv, str(count)], cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline() != "open\n":
                raise UnusableError("the pages could not be opened")
            yield process
        finally:
            process.kill()


def cpu_s(*names: str) -> float:
    """Processor time of the threads of this process with these names so far, in seconds."""
    ids = {thread.native_id for thread in threading.enumerate() if thread.name in names}
    return sum(each.user_time + each.system_time for each in psutil.Process().threads() if each.id in ids)


@dataclass(frozen=True)
class Cost:
    """Shares of a core in percent, of the server's thread and of the listener's, and what the pages have read."""

    server: float
    listener: float
    read_bytes: int


def cost(seconds: float) -> Cost:
    """The CPU time of a page's threads while ten pages are open."""
    with tempfile.TemporaryDirectory() as folder, open_page(PageRequest(port=0)) as page:
        drill = Drill(Path(folder), page)
        with readers(page, PAGES) as process:
            before, begin = (cpu_s("page"), cpu_s("listener")), time.monotonic()
            drill.load(seconds)
            took_s = time.monotonic() - begin
            spent = (cpu_s("page") - before[0], cpu_s("listener") - before[1])
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            read = int(process.stdout.readline())
        drill.close()
    return Cost(100 * spent[0] / took_s, 100 * spent[1] / took_s, read)


def writes_ms(*, reads: bool) -> list[float]:
    """How long each write took, sorted, with one open page, which reads or does not."""
    with tempfile.TemporaryDirectory() as folder, open_page(PageRequest(port=0)) as page:
        drill = Drill(Path(folder), page)
        if reads:
            with readers(page, 1):
                took_ms = drill.steps()
        else:
            with open_stream(page.access.port, f"{page.access.cookie}={page.access.session}"):
                took_ms = drill.steps()
        drill.close()
    return took_ms


def measure(seconds: float, repeats: int) -> Report:
    """Measure both; figures are medians of the repeats."""
    costs = []
    for turn in range(repeats):
        report.progress(f"{PAGES} pages for {seconds:.0f} s: {turn + 1} of {repeats}")
        costs.append(cost(seconds))
    report.progress("a page that reads, and one that does not")
    quick, slow = (_quantiles(writes_ms(reads=reads)) for reads in (True, False))
    server = statistics.median(each.server for each in costs)
    listener = statistics.median(each.listener for each in costs)
    cpu = [("server", number(server)), ("listener, with its share of the judging", number(listener))]
    writes = [("reads", *map(number, quick)), ("does not read", *map(number, slow))]
    return Report(
        [
            f"CPU: time of the page's threads, two sides under {RATE} arrivals/s each, {PAGES} open pages, a fault;"
            " the pages are in another process",
            f"writes: {WRITES:,} events of {len(OUTPUT):,} characters, after {FILLING:,} that filled all buffers",
        ],
        [
            Table("CPU, percent of a core", ("thread", "%"), cpu),
            Table("one write of the record, ms", ("one page, which", "P50", "P99", "longest"), writes),
        ],
        thresholds(server, [each.read_bytes for each in costs], quick, slow),
        figures={
            "server_percent": server,
            "listener_percent": listener,
            "write_p99_ms": [quick[1], slow[1]],
        },
    )


def thresholds(
    server_percent: float, read_bytes: Sequence[int], quick_ms: Sequence[float], slow_ms: Sequence[float]
) -> list[Threshold]:
    """The server's CPU time, that the pages were read at all, and how much longer a write takes."""
    return [
        Threshold(f"server with {PAGES} pages: percent of a core", server_percent, most=MOST_PERCENT),
        Threshold("bytes that the pages have read", min(read_bytes), least=100_000),
        Threshold("P99 of a write, ms more if the page does not read", slow_ms[1] - quick_ms[1], most=MOST_MS),
    ]


def _quantiles(found: Sequence[float]) -> tuple[float, float, float]:
    """Median, P99 and the largest of sorted values."""
    return statistics.median(found), found[round(0.99 * (len(found) - 1))], found[-1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return its exit code."""
    options = report.parser(str(__doc__), EXAMPLES).parse_args(arguments)
    seconds, repeats = (QUICK_SECONDS, 1) if options.quick else (SECONDS, options.repeats or 1)
    return report.finish(lambda: measure(seconds, repeats), ("starlette", "uvicorn"), options.json)


if __name__ == "__main__":
    sys.exit(main())

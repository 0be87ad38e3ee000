"""What the history keeps of a run: its verdicts, its machine, and the latencies of its steady windows.

The steady window of a drill is its baseline phase, before the fault, on both sides: there the service is as its users
know it. With a sequential control it is that of the treatment. Everything in a run's entry is computed from its record
(history/collect.py).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.record.event import SideName
from harness.record.events import StartName
from harness.verdict.result import Verdict

MOST_LATE = 0.01
"""A fifth of the arrivals that P95 leaves out."""


@dataclass(frozen=True)
class Host:
    """The machine of a run."""

    cpu: str
    cores: int
    memory_bytes: int
    python: str
    kernel: str

    @property
    def host_class(self) -> str:
        """Equal for machines whose latencies can be compared: processor, cores, whole GiB of memory, and the first two
        numbers of the versions of Python and kernel."""
        memory_gib = round(self.memory_bytes / 2**30)
        parts = (self.cpu, self.cores, memory_gib, _two_numbers(self.python), _two_numbers(self.kernel))
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


def _two_numbers(version: str) -> str:
    """`Linux 6.1` for `Linux 6.1.0-28-amd64`."""
    found = re.match(r"\D*\d+(\.\d+)?", version)
    return found[0] if found else version


@dataclass(frozen=True)
class Quantile:
    """A quantile of latency in ms, with its confidence interval; None: no upper limit yet."""

    q: float
    value_ms: float
    low_ms: float
    high_ms: float | None


@dataclass(frozen=True)
class Second:
    """Counts of one second on one side, `second` seconds after the begin of the steady window; `steady`: inside it."""

    side: SideName
    second: int
    steady: bool
    arrivals: int
    ok: int
    bad: int
    late: int


@dataclass(frozen=True)
class LoadEntry:
    """One load series of a run: the counts and latencies of its steady windows, both sides together.

    `quantiles` are over all arrivals, a bad one slower than any good one; one that is not there lies among the bad
    arrivals. `reference_ms`: the median time of the reference meanwhile; None: not measured.
    """

    scenario: str
    series: str
    first: bool
    """Whether it is the scenario's first series, which has every arrival."""
    rate_per_s: float | None
    """Arrivals per second and side from the bindings; None: the scenario's own."""
    engine: str
    steady: bool
    """Whether every SLO held."""
    parallel: int
    """Most drills that ran at a time in the steady windows: they share the machine."""
    window_s: int
    """Length of the steady windows, of all drills with this scenario."""
    arrivals: int
    bad: int
    late: int
    vif: float
    reference_ms: float | None
    sides: int = 2
    """Sides that were up in the steady windows: one, the treatment, where the control ran before."""
    histogram: Mapping[int, int] = field(default_factory=dict)
    quantiles: tuple[Quantile, ...] = ()
    seconds: tuple[Second, ...] = ()

    @property
    def fell_behind(self) -> bool:
        """Whether the generator started so many arrivals late that P95 is about the generator too."""
        return self.late > MOST_LATE * self.arrivals

    @property
    def measured_rate_per_s(self) -> float:
        """Arrivals per second and side."""
        return self.arrivals / (self.sides * self.window_s) if self.window_s else 0.0

    def quantile(self, q: float) -> Quantile | None:
        """One of the quantiles; None: there is none."""
        return next((each for each in self.quantiles if each.q == q), None)


@dataclass(frozen=True)
class DrillEntry:
    """The verdict of one drill, and its first reason."""

    runbook: str
    scenario: str
    verdict: Verdict
    why: str


@dataclass(frozen=True)
class RunEntry:
    """One run. `number` is given by the history; 0: not in one yet."""

    started_s: float
    seconds: float
    folder: str
    document: str
    bindings: str
    platform: str
    jobs: int
    start: StartName
    steady_s: float
    """Shortest baseline phase that was asked for."""
    verdict: Verdict
    revision: str
    dirty: bool
    host: Host
    drills: tuple[DrillEntry, ...] = ()
    loads: tuple[LoadEntry, ...] = ()
    number: int = 0

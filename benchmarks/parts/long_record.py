"""Writes the record of an invented drill of an hour with ten million requests, the same one each time.

Both sides report every second, as the load generator does: four slices of 0.25 s with their histograms, and the
outcomes of the last slice a second later. The fault breaks two SLOs and shows two symptoms; the remedy heals the
treatment, and the control stays broken. All phases wait far longer than they have to, which is what costs a judge most.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import NormalDist

from harness.record.event import CONTROL, TREATMENT, Event, SideName
from harness.record.events import (
    DrillEnded,
    DrillStarted,
    FaultApplied,
    FaultReverted,
    LoadCounted,
    LoadSlice,
    PhaseEnded,
    PhaseName,
    PhaseStarted,
    ProbeSampled,
    RunEnded,
    RunStarted,
    StepExecuted,
)
from harness.record.header import SloPlan, SymptomPlan
from harness.record.journal import Journal
from harness.record.steps import StepFacts
from harness.stats.histogram import middle_ms
from harness.stats.sequential import SLICE_S

REQUESTS, SECONDS = 10_000_000, 3600
SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)
BEGIN_S = 1_000_000.0
PHASES: dict[PhaseName, tuple[int, bool]] = {
    "baseline": (600, True), "fault": (610, False), "symptoms": (900, True), "response": (960, False),
    "recovery": (1900, True), "control": (3000, True), "after-revert": (3600, True),
}  # fmt: skip
"""Second in which each phase ends, and whether it waits for a decision."""
FAULT_S, REMEDY_S, HEALED_S, REVERT_S = 600, 930, 950, 3000
LIMIT_MS = 500.0
MEDIAN_MS, SIGMA, SLOWER = 120.0, 0.5, 4.0
"""Latencies are lognormal, and so many times longer in the incident."""
FAILED = 0.2
"""Share of the requests that fail in the incident."""
_QUANTILES = 4096


def write(path: Path, requests: int = REQUESTS, seconds: int = SECONDS) -> None:
    """Write the record; of a shorter drill, of a multiple of 360 s, all phases are shortened alike."""
    world = _World(requests, seconds)
    journal = Journal(path, clock=lambda: world.now)
    for event in world.events():
        journal.write(event)
    journal.close()


class _World:
    """The clock of the drill, and what happens at each second of it."""

    def __init__(self, requests: int, seconds: int) -> None:
        self._requests, self._seconds, self._rng = requests, seconds, Random(0)
        self._pools = {broken: _pool(SLOWER if broken else 1.0) for broken in (False, True)}
        self._open: dict[SideName, tuple[LoadSlice, ...]] = {}
        self.now = BEGIN_S

    def _at(self, second: int) -> float:
        return BEGIN_S + second * self._seconds // SECONDS

    def events(self) -> Iterator[Event]:
        """All events, in order; each is written at `now`."""
        yield RunStarted(document="ops.md", drills=("WEB",))
        yield _header()
        names = list(PHASES)
        ends = {self._at(end): (name, decides) for name, (end, decides) in PHASES.items()}
        while self.now < self._at(SECONDS):
            if self.now == BEGIN_S or self.now in ends:
                yield PhaseStarted(drill="WEB", phase=names.pop(0))
            yield from self._acts()
            self.now += 1.0
            for side in SIDES:
                yield from self._second(side)
            if self.now in ends:
                name, decides = ends[self.now]
                yield PhaseEnded(drill="WEB", phase=name, decides=decides, answer=True if decides else None)
        yield DrillEnded(drill="WEB")
        yield RunEnded()

    def _acts(self) -> Iterator[Event]:
        for side in SIDES:
            if self.now == self._at(FAULT_S):
                yield FaultApplied(drill="WEB", side=side, text="f")
            if self.now == self._at(REVERT_S):
                yield FaultReverted(drill="WEB", side=side, ok=True)
        if self.now == self._at(REMEDY_S):
            yield StepExecuted(drill="WEB", facts=_remedy(self.now))

    def _broken(self, side: SideName) -> bool:
        until = self._at(HEALED_S if side == TREATMENT else REVERT_S)
        return self._at(FAULT_S) < self.now <= until

    def _second(self, side: SideName) -> Iterator[Event]:
        slices = [self._slice(side, quarter) for quarter in range(4)]
        late, last = self._open.get(side, ()), slices[-1]
        self._open[side] = (LoadSlice("web", last.at_s, 0, last.ok, last.bad, last.over, hist=last.hist),)
        reported = (*late, *slices[:-1], LoadSlice("web", last.at_s, last.sent))
        yield LoadCounted(drill="WEB", side=side, until_s=self.now, slices=reported)
        health = {"health(web)": {"web-0": float(self._broken(side))}, "health(api)": {"api-0": 0.0}}
        yield ProbeSampled(drill="WEB", side=side, values=health)

    def _slice(self, side: SideName, quarter: int) -> LoadSlice:
        at_s, broken = self.now - 1.0 + quarter * SLICE_S, self._broken(side)
        number, count = round((at_s - BEGIN_S) / SLICE_S), round(self._seconds / SLICE_S)
        sent = self._requests // 2 * (number + 1) // count - self._requests // 2 * number // count
        bad = round(FAILED * sent) if broken else 0
        hist = Counter(self._rng.choices(self._pools[broken], k=sent - bad))
        over = bad + sum(n for bucket, n in hist.items() if middle_ms(bucket) >= LIMIT_MS)
        return LoadSlice("web", at_s, sent, sent - bad, {"http_503": bad} if bad else {}, {LIMIT_MS: over}, hist=hist)


def _header() -> DrillStarted:
    return DrillStarted(
        drill="WEB", title="Web", line=1, fault="f", scenario="web",
        symptoms=(SymptomPlan(10, "errors", "error_rate(web) > 5%"), SymptomPlan(11, "slow", "p95(web) > 500ms")),
        slos=(
            SloPlan("availability", "availability(web) >= 99%", 28 * 86400.0),
            SloPlan("latency", "p95(web) < 500ms", 28 * 86400.0),
        ),
    )  # fmt: skip


def _remedy(started_s: float) -> StepFacts:
    command = "kubectl scale deployment web --replicas=3"
    return StepFacts(
        1, 30, "command", "change", command, command, ran=True, programs=("kubectl scale",), pipestatus=(0,),
        exit_status=0, changed=("deployment/web replicas 1 -> 3",), started_s=started_s, seconds=1.0,
    )  # fmt: skip


def _pool(slower: float) -> list[int]:
    """Buckets of equally likely latencies."""
    normal = NormalDist(0.0, SIGMA)
    quantiles = (normal.inv_cdf((number + 0.5) / _QUANTILES) for number in range(_QUANTILES))
    return [bucket_of(MEDIAN_MS * slower * 2.718281828459045**value) for value in quantiles]


def bucket_of(latency_ms: float) -> int:
    """The bucket of a latency: 256 for each power of two of whole microseconds (docs/reference/contracts.md)."""
    latency_us = round(latency_ms * 1000)
    exponent = max(0, latency_us.bit_length() - 9)
    return (exponent << 8) + (latency_us >> exponent)

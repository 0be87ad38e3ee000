"""Computes what the history keeps of a run, from the events of its record, one after the other."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from harness.history.entry import DrillEntry, Host, LoadEntry, Quantile, RunEntry, Second
from harness.measures.counts import Counts
from harness.record.event import CONTROL, TREATMENT, DrillEvent, Event, SideName
from harness.record.events import (
    DrillEnded,
    DrillStarted,
    EnvironmentFound,
    LoadCounted,
    LoadSlice,
    LoadStarted,
    PhaseEnded,
    PhaseStarted,
    ReferenceSampled,
    RunStarted,
)
from harness.stats.histogram import edges_ms, quantile_bucket, quantile_of_all_ms
from harness.stats.inflation import Slice, inflation
from harness.stats.interval import quantile_ranks
from harness.stats.sequential import SLICE_S
from harness.verdict.gameday import GamedayResult
from harness.verdict.timeline import SETTLE_S, counts_of, slice_from

QUANTILES = (0.5, 0.95, 0.99)
JUDGED = 0.95
"""The quantile that runs are compared by."""
_ALPHA = 0.05
"""Each quantile lies outside its interval with this probability."""
_NEAR_S = 1.0
"""References of a window are those up to this long before and after it: it may be shorter than their period."""
_SLICES_PER_SECOND = round(1 / SLICE_S)


class Collector:
    """Takes the events of one run; `entry` is what the history keeps of it."""

    def __init__(self) -> None:
        self._header: RunStarted | None = None
        self._environment = EnvironmentFound()
        self._references: list[tuple[float, float]] = []
        self._drills: dict[str, _Drill] = {}

    def add(self, event: Event) -> None:
        """Take the next event of the record."""
        match event:
            case RunStarted():
                self._header = event
            case EnvironmentFound():
                self._environment = event
            case ReferenceSampled():
                self._references.append((event.t_s, event.cpu_ms + event.loopback_ms))
            case DrillStarted():
                self._drills[event.drill] = _Drill(event)
            case DrillEvent():
                self._drills[event.drill].add(event)

    def entry(self, result: GamedayResult, folder: str) -> RunEntry:
        """The entry of the run, whose result was computed from the same events."""
        if self._header is None:
            raise ValueError("the record does not begin with a run")
        found = self._environment
        return RunEntry(
            started_s=self._header.t_s,
            seconds=result.seconds,
            folder=folder,
            document=self._header.document,
            bindings=self._header.bindings,
            platform=result.platform,
            jobs=self._header.jobs,
            start=found.start,
            steady_s=found.steady_s,
            verdict=result.verdict,
            revision=found.revision,
            dirty=found.dirty,
            host=Host(found.cpu, found.cores, found.memory_bytes, found.python, found.kernel),
            drills=tuple(
                DrillEntry(each.runbook, each.load.scenario, each.verdict, next(iter(each.why), ""))
                for each in result.drills
            ),
            loads=tuple(self._loads()),
        )

    def _loads(self) -> Iterator[LoadEntry]:
        """One per scenario and series; drills with the same scenario are put together."""
        by_scenario: dict[str, list[_Drill]] = defaultdict(list)
        for drill in self._drills.values():
            if drill.steady_s is not None:
                by_scenario[drill.header.scenario].append(drill)
        for drills in by_scenario.values():
            for series in dict.fromkeys(name for drill in drills for name in drill.series()):
                yield _load_entry(drills, series, self._parallel(drills), self._reference(drills))

    def _parallel(self, drills: Iterable[_Drill]) -> int:
        """The largest number of drills that were under way at the begin of one, within the windows of these drills."""
        windows = [drill.window for drill in drills]
        spans = [drill.span for drill in self._drills.values()]
        moments = [*(begin for begin, _ in windows), *(begin for begin, _ in spans)]
        counts = (
            sum(begin <= moment < end for begin, end in spans)
            for moment in moments
            if any(begin <= moment < end for begin, end in windows)
        )
        return max(counts, default=1)

    def _reference(self, drills: Iterable[_Drill]) -> float | None:
        windows = [(begin - _NEAR_S, end + _NEAR_S) for drill in drills for begin, end in [drill.window]]
        near = [ms for t_s, ms in self._references if any(begin <= t_s <= end for begin, end in windows)]
        return median(near) if near else None


@dataclass
class _Drill:
    """The load of one drill, by series, side and number of its slice."""

    header: DrillStarted
    ended_s: float = math.inf
    engine: str = ""
    declared: tuple[str, ...] = ()
    begin_s: float | None = None
    end_s: float | None = None
    held: bool = False
    slices: dict[str, dict[SideName, dict[int, Counts]]] = field(
        default_factory=lambda: defaultdict(lambda: {TREATMENT: {}, CONTROL: {}})
    )

    def add(self, event: DrillEvent) -> None:
        match event:
            case DrillEnded():
                self.ended_s = event.t_s
            case LoadStarted():
                self.engine, self.declared = event.engine, event.series
            case PhaseStarted(phase="baseline"):
                self.begin_s = slice_from(event.t_s)
            case PhaseEnded(phase="baseline"):
                self.end_s, self.held = event.t_s, bool(event.answer)
            case LoadCounted():
                for part in event.slices:
                    self._add_slice(event.side, part)

    def _add_slice(self, side: SideName, part: LoadSlice) -> None:
        if self.begin_s is not None and part.at_s >= self.begin_s:
            slices, number = self.slices[part.series][side], round((part.at_s - self.begin_s) / SLICE_S)
            slices.setdefault(number, Counts()).add(counts_of(part))

    @property
    def span(self) -> tuple[float, float]:
        """Begin and end of the drill, in seconds since the epoch."""
        return self.header.t_s, self.ended_s

    @property
    def steady_s(self) -> int | None:
        """Length of the steady window in whole seconds; None: there is none.

        It ends early enough for the last arrivals to have ended before the fault.
        """
        if self.begin_s is None or self.end_s is None or self.end_s - SETTLE_S - self.begin_s < 1:
            return None
        return int(self.end_s - SETTLE_S - self.begin_s)

    @property
    def window(self) -> tuple[float, float]:
        """Begin and end of the steady window, in seconds since the epoch."""
        assert self.begin_s is not None
        return self.begin_s, self.begin_s + (self.steady_s or 0)

    def series(self) -> tuple[str, ...]:
        """Names of its load series, the first one first; in a record without it, the one with the most arrivals."""
        sent = {name: sum(counts.sent for counts in sides[TREATMENT].values()) for name, sides in self.slices.items()}
        others = sorted(self.slices, key=lambda name: -sent[name])
        return tuple(name for name in dict.fromkeys((*self.declared, *others)) if name in self.slices)

    def steady(self, series: str) -> Iterator[list[Counts]]:
        """By side, the counts of each slice of the steady window."""
        for slices in filter(None, self.slices[series].values()):  # a sequential control ran before
            yield [slices.get(n, Counts()) for n in range((self.steady_s or 0) * _SLICES_PER_SECOND)]

    def seconds(self, series: str) -> Iterator[Second]:
        for side, slices in self.slices[series].items():
            totals: dict[int, Counts] = defaultdict(Counts)
            for number, counts in slices.items():
                totals[number // _SLICES_PER_SECOND].add(counts)
            for second, whole in sorted(totals.items()):
                steady = second < (self.steady_s or 0)
                yield Second(side, second, steady, whole.sent, whole.ok, whole.failed, whole.late)


def _load_entry(drills: list[_Drill], series: str, parallel: int, reference_ms: float | None) -> LoadEntry:
    slices = [counts for drill in drills for side in drill.steady(series) for counts in side]
    whole = Counts()
    for counts in slices:
        whole.add(counts)
    histogram = whole.hist.merged()
    judged = quantile_bucket(histogram, JUDGED)
    vif = inflation([_slice(counts, judged) for counts in slices])
    first = drills[0]
    return LoadEntry(
        scenario=first.header.scenario,
        series=series,
        first=series == next(iter(first.series())),
        rate_per_s=None if first.header.rate_per_s is None else float(first.header.rate_per_s),
        engine=first.engine,
        steady=all(drill.held for drill in drills),
        parallel=parallel,
        window_s=sum(drill.steady_s or 0 for drill in drills),
        arrivals=whole.sent,
        bad=whole.sent - whole.ok,
        late=whole.late,
        vif=vif,
        reference_ms=reference_ms,
        sides=max((len(list(drill.steady(series))) for drill in drills), default=2),
        histogram=dict(sorted(histogram.items())),
        quantiles=tuple(quantiles_of(histogram, whole.sent, vif)),
        seconds=tuple(_merged(second for drill in drills for second in drill.seconds(series))),
    )


def _slice(counts: Counts, bucket: int | None) -> Slice:
    """Arrivals, and those beyond the judged quantile."""
    within = sum(n for index, n in counts.hist.merged().items() if bucket is not None and index <= bucket)
    return Slice(counts.sent, counts.sent - within, counts.ok, *counts.hist.log_moments())


def quantiles_of(histogram: Mapping[int, int], arrivals: int, vif: float) -> Iterator[Quantile]:
    """The quantiles of all arrivals, of which those that are not in the histogram are slower than the others."""
    good = sum(histogram.values())
    for q in QUANTILES:
        value = quantile_of_all_ms(histogram, arrivals, q)
        if value is not None:
            low, high = (rank * arrivals / good for rank in quantile_ranks(arrivals / vif, q, _ALPHA / 2, _ALPHA / 2))
            first, last = (quantile_bucket(histogram, min(1.0, rank)) or 0 for rank in (low, high))
            yield Quantile(q, value, edges_ms(first)[0], edges_ms(last)[1] if high < 1 else None)


def _merged(seconds: Iterable[Second]) -> Iterator[Second]:
    """Seconds of several drills with the same load, added up where they have the same number."""
    totals: dict[tuple[SideName, int, bool], Counter[str]] = defaultdict(Counter)
    for each in seconds:
        counts = {"arrivals": each.arrivals, "ok": each.ok, "bad": each.bad, "late": each.late}
        totals[each.side, each.second, each.steady].update(counts)
    for (side, second, steady), found in totals.items():
        yield Second(side, second, steady, found["arrivals"], found["ok"], found["bad"], found["late"])

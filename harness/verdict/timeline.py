"""The measurements of one side of a drill, collected from its events: load by slice, probes by sample.

Times are seconds since the epoch; the ends of windows of load are multiples of SLICE_S.
"""

from __future__ import annotations

import bisect
import math
from collections import defaultdict
from collections.abc import Callable, Hashable

from harness.measures.counts import Counts
from harness.measures.probe import request_key
from harness.measures.reading import PodSample
from harness.record.events import LoadCounted, LoadLost, LoadSlice, ProbeSampled, RequestsProbed
from harness.stats.histogram import Histogram
from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S
from harness.verdict.column import Column

SETTLE_S = 0.5
"""Age in seconds from which a slice is read: most of its arrivals have an outcome."""


def slice_from(moment: float) -> float:
    """The beginning of the first whole slice at or after a moment."""
    return math.ceil(moment / SLICE_S) * SLICE_S


def slice_until(moment: float) -> float:
    """The end of the last whole slice at or before a moment."""
    return math.floor(moment / SLICE_S) * SLICE_S


def counts_of(part: LoadSlice) -> Counts:
    """The counts of one increment of the load."""
    return Counts(part.sent, part.ok, dict(part.bad), dict(part.over), part.late, Histogram(part.hist))


class Timeline:
    """Load counts by series and slice, and samples of probes by time, of one side.

    `settle_s` has to cover the longest latency that an objective allows: a younger arrival may still exceed it.
    """

    def __init__(self, settle_s: float = SETTLE_S) -> None:
        self._settle_s = settle_s
        self._load: dict[str, dict[int, Counts]] = defaultdict(dict)
        self._columns: dict[str, dict[Hashable, Column]] = defaultdict(dict)
        self._probes: dict[str, list[PodSample]] = defaultdict(list)
        self._request_failures: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self.last_load_s = 0.0
        self.last_probe_s = 0.0
        self.load_ended: str | None = None
        self._ends_s = self.shown_until_s = math.inf

    def add(self, event: LoadCounted | ProbeSampled | RequestsProbed | LoadLost) -> None:
        """Add the measurements of one event of this side."""
        match event:
            case LoadCounted():
                self.last_load_s = max(self.last_load_s, event.until_s)
                for part in event.slices:
                    self._add_slice(part)
            case ProbeSampled():
                self.last_probe_s = event.t_s
                for key, pods in event.values.items():
                    missing = frozenset(event.missing.get(key, ()))
                    self._probes[key].append(PodSample(event.t_s, pods, missing))
            case RequestsProbed():
                for name, why in event.failures.items():
                    self._probes[request_key(name)].append(PodSample(event.t_s, {"": float(bool(why))}))
                    if why:
                        self._request_failures[name].append((event.t_s, why))
            case LoadLost():
                self.load_ended = event.why

    def _add_slice(self, part: LoadSlice) -> None:
        """Add an increment; what was read from its slice before is out of date."""
        number = number_of(part.at_s)
        slices = self._load[part.series]
        if number in slices:
            slices[number].add(counts_of(part))
        else:
            slices[number] = counts_of(part)
        for column in self._columns[part.series].values():
            column.changed(number)

    @property
    def frontier(self) -> float:
        """End of the last settled slice: all earlier arrivals are counted, and old enough to be read."""
        return slice_until(min(self.end_s, self.shown_until_s))

    @property
    def end_s(self) -> float:
        """End of what has been measured for certain; of a replayed timeline, whether or not it is shown yet."""
        return min(self.last_load_s - self._settle_s, self._ends_s)

    def replayed(self, shift_s: float, ends_s: float) -> Timeline:
        """The same measurements up to `ends_s`, as though each had been made `shift_s` seconds later.

        `shift_s` is a multiple of SLICE_S. Nothing of the new timeline is read beyond its `shown_until_s`, which its
        owner moves on.
        """
        moved, by = Timeline(self._settle_s), number_of(shift_s)
        for series, slices in self._load.items():
            moved._load[series] = {n + by: counts for n, counts in slices.items() if n < number_of(ends_s)}
        for key, samples in self._probes.items():
            moved._probes[key] = [each._replace(at_s=each.at_s + shift_s) for each in samples if each.at_s <= ends_s]
        for name, failures in self._request_failures.items():
            moved._request_failures[name] = [(at_s + shift_s, why) for at_s, why in failures if at_s <= ends_s]
        moved.last_load_s, moved.last_probe_s = self.last_load_s + shift_s, self.last_probe_s + shift_s
        moved._ends_s = ends_s + shift_s
        return moved

    def series(self) -> frozenset[str]:
        """Names of the load series that had arrivals."""
        return frozenset(name for name, slices in self._load.items() if any(counts.sent for counts in slices.values()))

    def slices(self, series: str, start: float, end: float) -> list[Counts]:
        """Counts of each slice in [start, end); empty ones where nothing was due."""
        known, empty = self._load.get(series, {}), Counts()
        return [known.get(n, empty) for n in range(number_of(start), number_of(end))]

    def column(self, series: str, key: Hashable, reading: Callable[[Counts], Slice]) -> Column:
        """What `reading` makes of each slice; remembered by `key`, because windows are read often."""
        columns = self._columns[series]
        if key not in columns:
            columns[key] = Column(self._load[series], reading)
        return columns[key]

    def total(self, series: str, start: float, end: float) -> Counts:
        """All of [start, end) merged."""
        whole = Counts()
        for counts in self.slices(series, start, end):
            whole.add(counts)
        return whole

    def probed(self) -> frozenset[str]:
        """Keys of the probes that were sampled."""
        return frozenset(self._probes)

    def request_failure(self, name: str, at_s: float) -> str:
        """Why the request of a probe failed first at or after a time; "" if it did not."""
        return next((why for when_s, why in self._request_failures.get(name, ()) if when_s >= at_s), "")

    def samples(self, key: str, start: float, end: float) -> list[PodSample]:
        """Samples of one probe with start <= time <= end, oldest first."""
        every = self._probes.get(key, [])
        low = bisect.bisect_left(every, start, key=lambda sample: sample.at_s)
        return [sample for sample in every[low:] if sample.at_s <= end]


def number_of(moment: float) -> int:
    """The number of the slice that begins at a moment."""
    return round(moment / SLICE_S)

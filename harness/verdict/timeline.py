"""What was measured on one side of a drill, second by second, rebuilt from the events of the record."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = Mapping[str, Any]
"""One line of the record: the only place where untyped JSON is handled is the code that reads it into counts."""
Pods = Mapping[str, float]


LATE_SHARE = 0.2
"""Share of arrivals that a generator may start late before a second of its load is no data."""


@dataclass
class Counts:
    """Arrivals whose intended start fell in one window, by outcome; `over` maps a limit in ms to those beyond it."""

    sent: int = 0
    ok: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    over: Counter[float] = field(default_factory=Counter)
    late: int = 0
    hist: Counter[int] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        """Merge another window's counts into this one."""
        self.sent, self.ok, self.late = self.sent + other.sent, self.ok + other.ok, self.late + other.late
        self.bad.update(other.bad)
        self.over.update(other.over)
        self.hist.update(other.hist)

    @property
    def pending(self) -> int:
        """Sent, with no outcome yet."""
        return self.sent - self.ok - self.bad.total()

    @property
    def fell_behind(self) -> bool:
        """The generator itself started so many arrivals late that this window says more of it than of the service."""
        return self.late > LATE_SHARE * self.sent

    def bad_of(self, kinds: Iterable[str]) -> int:
        """Bad arrivals of these kinds; of all kinds when none is given."""
        wanted = tuple(kinds)
        return sum(self.bad[kind] for kind in wanted) if wanted else self.bad.total()


def counts_of(delta: Event) -> Counts:
    """One delta of the load stream."""
    return Counts(
        sent=delta.get("sent", 0),
        ok=delta.get("ok", 0),
        bad=Counter(delta.get("bad", {})),
        over=Counter({float(ms): n for ms, n in delta.get("over", {}).items()}),
        late=delta.get("late", 0),
        hist=Counter({int(index): n for index, n in delta.get("hist", {}).items()}),
    )


class Timeline:
    """Load counts by series and second, and samples of probes by time, of one side."""

    def __init__(self) -> None:
        self._load: dict[str, dict[int, Counts]] = defaultdict(lambda: defaultdict(Counts))
        self._probes: dict[str, list[tuple[float, Pods]]] = defaultdict(list)
        self.last_load_s = 0.0
        self.last_probe_s = 0.0
        self.load_ended: str | None = None

    def add(self, event: Event) -> None:
        """Take one event of the record; events of other kinds are none of its business."""
        kind = event["ev"]
        if kind == "load":
            self.last_load_s = max(self.last_load_s, event["t"])
            for delta in event["deltas"]:
                self._load[delta["series"]][int(delta["at"])].add(counts_of(delta))
        elif kind == "probe":
            self.last_probe_s = event["t"]
            for key, pods in event["values"].items():
                self._probes[key].append((event["t"], pods))
        elif kind == "load-ended":
            self.load_ended = event["why"]

    @property
    def frontier(self) -> int:
        """The first second that is not settled: all earlier ones are fully due, and half a second old or older."""
        return int(self.last_load_s - 0.5)

    def series(self) -> frozenset[str]:
        """Names of the load series that had arrivals."""
        return frozenset(
            name for name, seconds in self._load.items() if any(counts.sent for counts in seconds.values())
        )

    def seconds(self, series: str, start: int, end: int) -> list[Counts]:
        """Counts of each second in [start, end); empty ones where nothing was due."""
        known = self._load.get(series, {})
        return [known.get(second, Counts()) for second in range(start, end)]

    def total(self, series: str, start: int, end: int) -> Counts:
        """All of [start, end) merged."""
        whole = Counts()
        for counts in self.seconds(series, start, end):
            whole.add(counts)
        return whole

    def samples(self, key: str, start: float, end: float) -> list[tuple[float, Pods]]:
        """Samples of one probe with start <= time <= end, oldest first."""
        every = self._probes.get(key, [])
        low = bisect.bisect_left(every, start, key=lambda sample: sample[0])
        return [sample for sample in every[low:] if sample[0] <= end]

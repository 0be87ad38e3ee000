"""The metrics of a run for Prometheus: arrivals and exact quantiles of the load, phase and verdict of each drill."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from harness.record.event import Event
from harness.record.events import DrillEnded, LoadCounted, LoadSlice, PhaseEnded, PhaseStarted
from harness.stats.histogram import Histogram, quantile_ms
from harness.verdict.result import Verdict

QUANTILES = (0.5, 0.95, 0.99)
RECENT_S = 10.0
"""Quantiles are those of the good arrivals that were due in the last seconds: of a whole drill they would not move."""
Key = tuple[str, str, str]
"""Drill, side and series."""


@dataclass
class _Load:
    sent: int = 0
    ok: int = 0
    bad: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    recent: deque[LoadSlice] = field(default_factory=deque)


class Figures:
    """Takes the events of a run by `add`; `page` is the text for Prometheus. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._load: dict[Key, _Load] = defaultdict(_Load)
        self._phases: dict[str, str] = {}
        self._verdicts: dict[str, str] = {}

    def add(self, event: Event, verdict: Verdict | None = None) -> None:
        """`verdict`: of the drill that ends with this event."""
        with self._lock:
            match event:
                case LoadCounted():
                    for part in event.slices:
                        self._count((event.drill, event.side, part.series), part)
                case PhaseStarted():
                    self._phases[event.drill] = event.phase
                case PhaseEnded() if self._phases.get(event.drill) == event.phase:
                    del self._phases[event.drill]
                case DrillEnded() if verdict is not None:
                    self._verdicts[event.drill] = verdict.value

    def _count(self, key: Key, part: LoadSlice) -> None:
        load = self._load[key]
        load.sent, load.ok = load.sent + part.sent, load.ok + part.ok
        for kind, count in part.bad.items():
            load.bad[kind] += count
        load.recent.append(part)
        newest_s = max(each.at_s for each in load.recent)
        while load.recent[0].at_s < newest_s - RECENT_S:
            load.recent.popleft()

    def page(self) -> str:
        """Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/)."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield "# HELP gameday_load_arrivals_total Arrivals that were due, by how they ended."
        yield "# TYPE gameday_load_arrivals_total counter"
        for key, load in self._load.items():
            for outcome, count in {"ok": load.ok, **load.bad}.items():
                yield f"gameday_load_arrivals_total{_labels(key, outcome=outcome)} {count}"
        yield "# HELP gameday_load_outstanding Arrivals without an outcome yet."
        yield "# TYPE gameday_load_outstanding gauge"
        for key, load in self._load.items():
            yield f"gameday_load_outstanding{_labels(key)} {load.sent - load.ok - sum(load.bad.values())}"
        yield f"# HELP gameday_load_latency_seconds Latency of good arrivals due in the last {RECENT_S:g} s."
        yield "# TYPE gameday_load_latency_seconds gauge"
        for key, load in self._load.items():
            yield from _quantiles(key, load)
        yield "# HELP gameday_phase Present phase of a drill."
        yield "# TYPE gameday_phase gauge"
        yield from (f'gameday_phase{{drill="{_safe(name)}",phase="{each}"}} 1' for name, each in self._phases.items())
        yield "# HELP gameday_verdict Verdict of a drill."
        yield "# TYPE gameday_verdict gauge"
        for name, verdict in self._verdicts.items():
            yield f'gameday_verdict{{drill="{_safe(name)}",verdict="{verdict}"}} 1'


def _quantiles(key: Key, load: _Load) -> Iterator[str]:
    whole = Histogram()
    for part in load.recent:
        whole.add(Histogram(part.hist))
    buckets = whole.merged()
    for quantile in QUANTILES:
        if (found := quantile_ms(buckets, quantile)) is not None:
            yield f"gameday_load_latency_seconds{_labels(key, quantile=f'{quantile:g}')} {found / 1000:.9g}"


def _labels(key: Key, **more: str) -> str:
    labels = dict(zip(("drill", "side", "series"), key, strict=True)) | more
    return "{" + ",".join(f'{name}="{_safe(value)}"' for name, value in labels.items()) + "}"


def _safe(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")

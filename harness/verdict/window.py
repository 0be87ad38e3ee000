"""Windows and questions: over which measurements, and by which test, a condition is decided."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from harness.conditions import Condition
from harness.measures.counts import Counts
from harness.measures.reading import PodSample
from harness.stats.inflation import Slice
from harness.stats.sequential import TestParameters
from harness.verdict.timeline import Timeline


@dataclass(frozen=True)
class Window:
    """[start, end) of one side, in seconds since the epoch; whole slices of the load."""

    timeline: Timeline
    start: float
    end: float

    def after(self, start: float) -> Window:
        """The part from a later start on."""
        return replace(self, start=start)

    def slices(self, series: str) -> list[Counts]:
        """Counts of a load series in each slice; empty ones where no arrival was due."""
        return self.timeline.slices(series, self.start, self.end)

    def read(self, series: str, key: Hashable, reading: Callable[[Counts], Slice]) -> list[Slice]:
        """What `reading` makes of the counts of each slice. Equal keys stand for equal readings."""
        return self.timeline.read(series, self.start, self.end, key, reading)

    def total(self, series: str) -> Counts:
        """Counts of a load series in the whole window."""
        return self.timeline.total(series, self.start, self.end)

    def samples(self, key: str) -> Sequence[PodSample]:
        """Samples of a probe, oldest first, one at the end included."""
        return self.timeline.samples(key, self.start, self.end)


@dataclass(frozen=True)
class Question:
    """Whether a condition holds, and the parameters of the test that decides it."""

    condition: Condition
    parameters: TestParameters

    def as_alarm(self) -> Question:
        """The same question about something that has just begun, which a short window may decide."""
        return replace(self, parameters=replace(self.parameters, alarm=True))

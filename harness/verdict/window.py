"""Windows and questions: over which measurements, and by which test, a condition is decided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from harness.conditions import Condition
from harness.measures.counts import Counts
from harness.measures.reading import PodSample
from harness.stats.sequential import TestParameters
from harness.verdict.timeline import Timeline, number_of


@dataclass(frozen=True)
class Window:
    """[start, end) of one side, in seconds since the epoch; whole slices of the load."""

    timeline: Timeline
    start: float
    end: float

    def after(self, start: float) -> Window:
        """The part from a later start on."""
        return Window(self.timeline, start, self.end)

    def slices(self, series: str) -> list[Counts]:
        """Counts of a load series in each slice; empty ones where no arrival was due."""
        return self.timeline.slices(series, self.start, self.end)

    @property
    def numbers(self) -> tuple[int, int]:
        """The number of its first slice, and of the first one after it."""
        first = number_of(self.start)
        return first, max(first, number_of(self.end))

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
        return Question(self.condition, replace(self.parameters, alarm=True))

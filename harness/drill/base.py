"""What a drill consists of: the two sides that it breaks, the limits of its phases, and where its events go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from harness.faults.base import Target
from harness.record.event import DrillEvent, SideName
from harness.stats.sequential import SLICE_S
from harness.verdict.timeline import SETTLE_S


@dataclass(frozen=True)
class Limits:
    """Longest duration of each phase that waits for evidence, in seconds.

    `steady_s`: how long the baseline is observed at least, in whole slices that are settled before the fault.
    `extension_s`: a phase that is about to be decided goes on for so long at most, or for its limit again if that is
    longer; a recovery and its control must last as long as a slow response.
    """

    baseline_s: float = 60.0
    symptoms_s: float = 60.0
    recovery_s: float = 75.0
    control_s: float = 60.0
    after_revert_s: float = 60.0
    steady_s: float = 0.0
    extension_s: float = 0.0

    @property
    def baseline_least_s(self) -> float:
        """Shortest duration of the baseline phase."""
        return self.steady_s + SETTLE_S + SLICE_S if self.steady_s else 0.0


class Record(Protocol):
    """Writes one event of this drill to the journal, which adds the time and the drill. Raises JournalError."""

    def __call__(self, event: DrillEvent, *, sync: bool = False) -> None: ...


class Side(Protocol):
    """A platform with its load and its sampler: the treatment or the control."""

    name: SideName

    @property
    def target(self) -> Target: ...

    def up(self) -> None: ...

    def down(self) -> None:
        """Take everything down. Idempotent, never raises, and safe while `up` is still running."""
        ...

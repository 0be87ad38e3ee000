"""What every event of a record has: its time, and where it belongs to: the run, a drill, or one side of a drill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from harness.record.ranges import Time

TREATMENT: Final = "treatment"
CONTROL: Final = "control"
SideName = Literal["treatment", "control"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """What every event has. The journal sets the time when it writes the event."""

    t_s: Annotated[Time, "time of writing, seconds since the epoch"] = 0.0


@dataclass(frozen=True, kw_only=True)
class DrillEvent(Event):
    """What every event of a drill has."""

    drill: Annotated[str, "id of the runbook that is drilled; in a comparison: whose load it is"] = ""


@dataclass(frozen=True, kw_only=True)
class SideEvent(DrillEvent):
    """What every event of one side of a drill has."""

    side: Annotated[SideName, "side: `treatment` (the runbook is executed) or `control` (nothing is done)"]

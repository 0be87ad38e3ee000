"""Routes the events of a record to the judges of its drills, in a run as in `gameday report`."""

from __future__ import annotations

from collections.abc import Mapping

from harness.record.event import DrillEvent, Event
from harness.record.events import DrillStarted, HostSampled
from harness.verdict.judge import Judge


class Judges:
    """One judge per drill of a record."""

    def __init__(self) -> None:
        self._judges: dict[str, Judge] = {}

    @property
    def by_drill(self) -> Mapping[str, Judge]:
        """The judges of the drills that have started, by the drill's id."""
        return self._judges

    def add(self, event: Event) -> None:
        """Pass on the next event of the record; the load of the machine concerns every drill. Raises ValueError."""
        match event:
            case DrillStarted():
                self._judges[event.drill] = Judge(event)
            case DrillEvent():
                if event.drill not in self._judges:
                    raise ValueError(f"drill {event.drill} has not started")
                self._judges[event.drill].add(event)
            case HostSampled():
                for judge in self._judges.values():
                    judge.add(event)

"""Checks that the times in a record follow each other: judging takes memory for the time between them."""

from __future__ import annotations

from harness.record.codec import FormatError
from harness.record.event import Event
from harness.record.events import LoadCounted

LONGEST_GAP_S = 3600.0
"""Longest time between two lines, in seconds; a run writes one at least every half second."""
LONGEST_RUN_S = 7 * 86400.0
AHEAD_S = 60.0
"""How far counted arrivals may be due after the time of writing: the clocks of a cluster differ."""


class TimeOrder:
    """Takes the events of a record in order."""

    def __init__(self) -> None:
        self._first_s: float | None = None
        self._last_s = 0.0

    def check(self, event: Event) -> None:
        """Raise FormatError if an event's times do not fit those before it."""
        if self._first_s is None:
            self._first_s = self._last_s = event.t_s
        after_s = event.t_s - self._last_s
        if not 0 <= after_s <= LONGEST_GAP_S:
            raise FormatError(f"its time is {after_s:g} s after that of the line before, not 0 to {LONGEST_GAP_S:g} s")
        if event.t_s - self._first_s > LONGEST_RUN_S:
            raise FormatError(f"its time is more than {LONGEST_RUN_S:g} s after the begin of the run")
        self._last_s = event.t_s
        if isinstance(event, LoadCounted):
            for due_s in (event.until_s, *(part.at_s for part in event.slices)):
                _check_due(event.t_s, due_s)


def _check_due(written_s: float, due_s: float) -> None:
    if not -LONGEST_GAP_S <= due_s - written_s <= AHEAD_S:
        raise FormatError(
            f"arrivals are due {due_s - written_s:g} s after it was written, not -{LONGEST_GAP_S:g} to {AHEAD_S:g} s"
        )

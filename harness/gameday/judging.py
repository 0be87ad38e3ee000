"""The judges of a run under way, shared by its drills and its progress display."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from harness.record.event import Event
from harness.verdict.judge import Judge
from harness.verdict.judges import Judges


class LiveJudges:
    """Judges each event once, in the order of the file, when a judge is read. Thread-safe.

    `put` is an inbox of the journal, so judging never delays a writer.
    """

    def __init__(self) -> None:
        self._judges = Judges()
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()

    def put(self, event: Event) -> None:
        """Keep an event until a judge is read."""
        self._events.append(event)

    @contextmanager
    def of(self, drill: str) -> Iterator[Judge]:
        """The judge of a drill that has started, with the events recorded until now; fixed inside the `with`."""
        with self._lock:
            self._judge_all()
            yield self._judges.by_drill[drill]

    def under_load(self, drill: str) -> bool:
        """Whether a drill has started and its platforms are up, with their load."""
        with self._lock:
            self._judge_all()
            judge = self._judges.by_drill.get(drill)
            return judge is not None and len(judge.state.phase_started_s) > 1

    def _judge_all(self) -> None:
        for _ in range(len(self._events)):  # no more: events may arrive faster than a busy machine judges them
            self._judges.add(self._events.popleft())

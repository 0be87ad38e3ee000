"""Checks the faults of a drill while a phase waits, without delaying it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from harness.faults.base import Injection
from harness.record.event import SideName
from harness.record.events import FaultChecked

PERIOD_S = 1.0


class FaultWatch:
    """Checks every injection about once a second in a thread of its own; one round at a time.

    `clock` returns seconds; `record` takes each observation in the thread that calls `poll`.
    """

    def __init__(
        self,
        injections: Mapping[SideName, Sequence[tuple[str, Injection]]],
        record: Callable[[FaultChecked], None],
        clock: Callable[[], float],
    ) -> None:
        self._injections, self._record, self._clock = injections, record, clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fault-watch")
        self._round: Future[list[FaultChecked]] | None = None
        self._next_s = 0.0

    def poll(self) -> None:
        """Record the round that is done, and start the next one when it is due. Returns at once."""
        if self._round is not None and self._round.done():
            finished, self._round = self._round, None
            for event in finished.result():
                self._record(event)
        if self._round is None and self._clock() >= self._next_s:
            self._next_s = self._clock() + PERIOD_S
            self._round = self._pool.submit(lambda: list(self._check()))

    def close(self) -> None:
        """Start no further round; one that is under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check(self) -> Iterator[FaultChecked]:
        for side, injections in self._injections.items():
            for text, injection in tuple(injections):
                found = injection.state()
                yield FaultChecked(side=side, text=text, state=found.state, why=found.why)

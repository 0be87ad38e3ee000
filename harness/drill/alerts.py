"""Raises the alerts of a drill as its measurements call for them, and notes when their SLOs hold again."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager

from harness.drill.base import Record
from harness.record.incident import AlertHandled, AlertRaised, AlertSource
from harness.runbook.alerting import DEFAULT_PRIORITIES
from harness.verdict.burning import DueAlert, firing, unraised
from harness.verdict.judge import Judge
from harness.verdict.now import holding_now
from harness.verdict.state import DrillState

DRILL = "gameday"
"""Who notes that an SLO holds again: a measurement, no responder."""
PERIOD_S = 0.5
"""As often as the judge decides."""


class AlertWatch:
    """One alert for each SLO that burns its error budget, and a further one when it becomes more urgent.

    `priorities`: names of the ranks, the most urgent first. Used by one thread at a time.
    """

    def __init__(
        self,
        judge: Callable[[], AbstractContextManager[Judge]],
        record: Record,
        clock: Callable[[], float],
        priorities: Sequence[str] = DEFAULT_PRIORITIES,
    ) -> None:
        self._judge, self._record, self._clock = judge, record, clock
        self._priorities = tuple(priorities) or DEFAULT_PRIORITIES
        self._ranks: dict[str, int] = {}
        self._open: dict[str, str] = {}
        self._raised, self._next_s = 0, 0.0

    def poll(self) -> None:
        """Record the alerts that are due, and those whose SLO holds again, if the last time is long enough ago."""
        if self._clock() < self._next_s:
            return
        self._next_s = self._clock() + PERIOD_S
        with self._judge() as judge:
            due, holding = self._firing(judge.state), self._holding(judge.state)
        self._raise(due, "slo")
        self._mitigated(holding)

    def responding(self) -> None:
        """Raise an alert for every broken SLO that has none: the responder begins, whether or not a rule has fired."""
        with self._judge() as judge:
            due, broken = self._firing(judge.state), tuple(unraised(judge.state))
        self._raise(due, "slo")
        self._raise((each for each in broken if each.slo not in self._ranks), "drill")

    def recovered(self) -> None:
        """Note that every SLO holds again."""
        self._mitigated(set(self._open.values()))

    @contextmanager
    def polling(self) -> Iterator[None]:
        """Poll in a thread, for a time in which the thread of the drill does something else."""
        done = threading.Event()
        with ThreadPoolExecutor(1, thread_name_prefix="alerts") as pool:
            polls = pool.submit(self._poll_until, done)
            try:
                yield
            finally:
                done.set()
            polls.result()

    def _poll_until(self, done: threading.Event) -> None:
        while not done.wait(PERIOD_S):
            self.poll()

    def _firing(self, state: DrillState) -> tuple[DueAlert, ...]:
        """What fires, of the SLOs that can still become more urgent: asking costs more than all judging does."""
        return tuple(firing(state, [slo for slo in state.slos if self._ranks.get(slo.name) != 0]))

    def _holding(self, state: DrillState) -> set[str]:
        """The SLOs with an open alert that are known to hold since the response began."""
        begin_s = state.start("response")
        if begin_s is None or not self._open:
            return set()
        return holding_now(state, begin_s, set(self._open.values()))

    def _raise(self, due: Iterable[DueAlert], source: AlertSource) -> None:
        for each in due:
            rank = min(each.rank, len(self._priorities) - 1)
            if rank >= self._ranks.get(each.slo, len(self._priorities)):
                continue
            self._ranks[each.slo], self._raised = rank, self._raised + 1
            alert, priority = f"{self._raised}", self._priorities[rank]
            self._record(AlertRaised(alert=alert, priority=priority, text=each.text, slo=each.slo, source=source))
            self._open[alert] = each.slo

    def _mitigated(self, holding: set[str]) -> None:
        for alert in [alert for alert, slo in self._open.items() if slo in holding]:
            slo = self._open.pop(alert)
            with self._judge() as judge:
                level = judge.state.alerts.level(alert)
            text = f"{slo} holds again"
            self._record(AlertHandled(alert=alert, action="mitigated", by=DRILL, level=level, text=text))

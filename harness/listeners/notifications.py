"""The listener that notifies other systems of the alerts of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from harness.listeners.webhooks.base import SEVERITIES, Change, Format, Notice
from harness.record.event import DrillEvent, Event
from harness.record.events import DrillEnded, RunStarted
from harness.record.incident import AlertHandled, AlertRaised, ProceduresRead
from harness.runbook.alerting import DEFAULT_PRIORITIES, in_order

if TYPE_CHECKING:
    from harness.listeners.webhooks.delivery import Delivery

CLOSE_S = 10.0
"""How long the end of a run waits for notifications that are under way, over all receivers."""


@dataclass(frozen=True)
class Receiver:
    """A system to notify: the format of its requests, and their delivery."""

    format: Format
    delivery: Delivery


@dataclass
class Notifications:
    """Takes the events of a run. An alert that is open when its drill ends is resolved: nothing is broken any more.

    What a Prometheus of the drill fires is not passed on: a person on call would be paged several times for one SLO.
    """

    receivers: Sequence[Receiver]
    run: str = field(default_factory=lambda: uuid4().hex)
    _header: RunStarted = field(default_factory=lambda: RunStarted(document="", drills=()))
    _priorities: tuple[str, ...] = DEFAULT_PRIORITIES
    _open: dict[tuple[str, str], AlertRaised] = field(default_factory=dict)

    def __call__(self, event: Event) -> None:
        """Queue the notifications that follow from an event. Returns at once."""
        match event:
            case RunStarted():
                self._header = event
            case ProceduresRead():
                self._priorities = in_order(row.priority for row in event.rows) or self._priorities
            case AlertRaised(of_prometheus=False):
                self._open[event.drill, event.alert] = event
                self._notify("raised", event, event.t_s)
            case AlertHandled(action="acknowledged"):
                self._changed("acknowledged", event)
            case AlertHandled(action="resolved"):
                self._changed("resolved", event)
            case DrillEnded():
                self._ended(event)

    def close(self) -> Iterator[str]:
        """Wait until everything is delivered, for a bounded time; yields a note per receiver that missed something."""
        share_s = CLOSE_S / max(1, len(self.receivers))
        for receiver in self.receivers:
            yield from receiver.delivery.close(share_s)

    def _changed(self, change: Change, event: AlertHandled) -> None:
        key = event.drill, event.alert
        alert = self._open.pop(key, None) if change == "resolved" else self._open.get(key)
        if alert is not None:
            self._notify(change, alert, event.t_s)

    def _ended(self, event: DrillEvent) -> None:
        for drill, alert in [key for key in self._open if key[0] == event.drill]:
            self._notify("resolved", self._open.pop((drill, alert)), event.t_s)

    def _notify(self, change: Change, alert: AlertRaised, at_s: float) -> None:
        notice = Notice(
            change=change,
            run=self.run,
            drill=alert.drill,
            alert=alert.alert,
            priority=alert.priority,
            severity=self._severity(alert.priority),
            slo=alert.slo,
            text=alert.text,
            document=self._header.document,
            platform=self._header.platform,
            raised_s=alert.t_s,
            at_s=at_s,
        )
        for receiver in self.receivers:
            if (body := receiver.format.body(notice)) is not None:
                receiver.delivery.put(body)

    def _severity(self, priority: str) -> str:
        rank = self._priorities.index(priority) if priority in self._priorities else len(SEVERITIES)
        return SEVERITIES[min(rank, len(SEVERITIES) - 1)]

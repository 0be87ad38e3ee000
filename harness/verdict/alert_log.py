"""The alerts of a drill and what was done about them, as its events say."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.record.incident import AlertAction, AlertHandled, AlertRaised


@dataclass
class AlertLog:
    """Both in the order of the record."""

    raised: list[AlertRaised] = field(default_factory=list)
    handled: list[AlertHandled] = field(default_factory=list)

    def add(self, event: AlertRaised | AlertHandled) -> None:
        """Take the next event."""
        if isinstance(event, AlertRaised):
            self.raised.append(event)
        else:
            self.handled.append(event)

    def without(self, action: AlertAction) -> tuple[AlertRaised, ...]:
        """The alerts about which this was not done."""
        done = {event.alert for event in self.handled if event.action == action}
        return tuple(event for event in self.raised if event.alert not in done)

    def level(self, alert: str) -> int:
        """The escalation level that handles an alert; 1 before anything was done about it."""
        return next((event.level for event in reversed(self.handled) if event.alert == alert), 1)

    def copy(self) -> AlertLog:
        """A log of its own with the same events."""
        return AlertLog(list(self.raised), list(self.handled))

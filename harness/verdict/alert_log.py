"""The alerts of a drill and what was done about them, as its events say."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.record.incident import AlertHandled, AlertRaised


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

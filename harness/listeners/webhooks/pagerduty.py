"""The events of PagerDuty's Events API v2: trigger, acknowledge and resolve.

https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.listeners.webhooks.base import Json, Notice, rfc3339

LONGEST_SUMMARY, LONGEST_KEY = 1024, 255
"""Characters, as the API permits."""
_ACTIONS = {"raised": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}


@dataclass(frozen=True)
class PagerDuty:
    """Sends an event for each change of an alert; `routing_key` is the integration key of the user's service."""

    routing_key: str = field(repr=False)

    def body(self, notice: Notice) -> Json | None:
        """The event; only a trigger has a payload."""
        event: dict[str, Json] = {
            "routing_key": self.routing_key,
            "event_action": _ACTIONS[notice.change],
            "dedup_key": notice.key[-LONGEST_KEY:],
        }
        if notice.change == "raised":
            event |= {"client": "gameday", "payload": _payload(notice)}
        return event


def _payload(notice: Notice) -> Json:
    return {
        "summary": notice.summary[:LONGEST_SUMMARY],
        "source": f"gameday/{notice.platform}",
        "severity": notice.severity,
        "timestamp": rfc3339(notice.raised_s),
        "component": notice.slo,
        "group": notice.drill,
        "class": "error budget burn",
        "custom_details": {"priority": notice.priority, "document": notice.document, "description": notice.text},
    }

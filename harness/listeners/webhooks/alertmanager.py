"""The payload of Alertmanager's webhook, version 4: one alert per request, in a group of its drill.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import hashlib
import json

from harness.listeners.webhooks.base import Json, Notice, rfc3339

_NOT_ENDED = "0001-01-01T00:00:00Z"
"""Go's zero time, which Alertmanager sends for an alert that still fires."""


class Alertmanager:
    """Fires when an alert is raised, and resolves it; an acknowledgement is no state of Alertmanager."""

    def body(self, notice: Notice) -> Json | None:
        """The message; None for an acknowledgement."""
        if notice.change == "acknowledged":
            return None
        labels, annotations, status = _labels(notice), _annotations(notice), _status(notice)
        group = {"gameday_run": notice.run, "runbook": notice.drill}
        alert: Json = {
            "status": status,
            "labels": labels,
            "annotations": annotations,
            "startsAt": rfc3339(notice.raised_s),
            "endsAt": rfc3339(notice.at_s) if status == "resolved" else _NOT_ENDED,
            "generatorURL": "",
            "fingerprint": _fingerprint(labels),
        }
        return {
            "version": "4",
            "groupKey": "{}:{" + ", ".join(f"{name}={json.dumps(value)}" for name, value in group.items()) + "}",
            "truncatedAlerts": 0,
            "status": status,
            "receiver": "gameday",
            "groupLabels": group,
            "commonLabels": labels,
            "commonAnnotations": annotations,
            "externalURL": "",
            "alerts": [alert],
        }


def _status(notice: Notice) -> str:
    return "resolved" if notice.change == "resolved" else "firing"


def _labels(notice: Notice) -> dict[str, str]:
    return {
        "alertname": "ErrorBudgetBurn",
        "alert": notice.alert,
        "gameday_run": notice.run,
        "platform": notice.platform,
        "priority": notice.priority,
        "runbook": notice.drill,
        "severity": notice.severity,
        "slo": notice.slo,
    }


def _annotations(notice: Notice) -> dict[str, str]:
    return {"summary": notice.summary, "description": notice.text, "document": notice.document}


def _fingerprint(labels: dict[str, str]) -> str:
    """16 hexadecimal digits of the labels, as Alertmanager's have; which hash it is, no receiver relies on."""
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]

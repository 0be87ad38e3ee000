"""Watches the alerts of a side's Prometheus, and their arrival at its Alertmanager, once a second."""

from __future__ import annotations

from collections.abc import Callable

from harness.errors import MonitoringError
from harness.observability.alertmanager import Alertmanager
from harness.observability.prometheus import Alert, Prometheus
from harness.record.event import DrillEvent
from harness.record.incident import AlertRaised
from harness.record.monitoring import AlertDelivered


class RuleWatch:
    """Records each alert once when it fires, and once when Alertmanager has it; `look` looks once."""

    def __init__(
        self, prometheus: Prometheus, alertmanager: Alertmanager | None, record: Callable[[DrillEvent], None]
    ) -> None:
        self._prometheus, self._alertmanager, self._record = prometheus, alertmanager, record
        self._fired: set[str] = set()
        self._delivered: set[str] = set()

    def look(self) -> None:
        """Record what is new. A system that does not answer now is asked again the next time."""
        try:
            firing = [each for each in self._prometheus.alerts() if each.state == "firing"]
        except MonitoringError:
            return
        for alert in firing:
            if (name := alert.labels.get("alertname", "")) not in self._fired:
                self._fired.add(name)
                self._record(_raised(name, alert))
        if self._alertmanager and self._fired > self._delivered:
            self._note_delivered(self._alertmanager)

    def _note_delivered(self, alertmanager: Alertmanager) -> None:
        try:
            received = alertmanager.received()
        except MonitoringError:
            return
        for name in sorted(received - self._delivered):
            self._delivered.add(name)
            self._record(AlertDelivered(alert=name))


def _raised(name: str, alert: Alert) -> AlertRaised:
    return AlertRaised(
        alert=name,
        priority=alert.labels.get("severity", ""),
        text=alert.annotations.get("summary", name),
        slo=alert.labels.get("slo", ""),
        source="prometheus",
    )

"""When the alerts of a real Prometheus fired, beside the harness's own detection."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record.event import TREATMENT
from harness.record.incident import AlertHandled, AlertRaised
from harness.record.monitoring import AlertDelivered, DashboardChecked
from harness.verdict.result import PrometheusAlert
from harness.verdict.state import DrillState


def note_monitoring(state: DrillState, event: AlertRaised | AlertHandled | AlertDelivered | DashboardChecked) -> None:
    """Keep what was found of a dashboard line, when an alert of Prometheus first fired and arrived at its Alertmanager,
    and the alerts of the drill itself, which a responder handles."""
    match event:
        case DashboardChecked():
            state.boards[(event.line, event.name)] = event
        case AlertDelivered():
            state.delivered_s.setdefault(event.alert, event.t_s)
        case AlertRaised(source="prometheus"):
            state.fired.setdefault(event.alert, event)
        case AlertRaised() | AlertHandled():
            state.alerts.add(event)


def prometheus_alerts(state: DrillState) -> tuple[PrometheusAlert, ...]:
    """The alerts that fired, the first one first; times from the fault on, negative before it."""
    if "fault" not in state.phase_started_s:
        return ()
    return tuple(_alert(state, each) for each in sorted(state.fired.values(), key=lambda each: each.t_s))


def early_alerts(state: DrillState) -> Iterator[str]:
    """The alerts that fired before the fault, each as a finding."""
    for each in prometheus_alerts(state):
        if each.after_s < 0:
            yield f"the alert {each.name} fired {-each.after_s:.1f} s before the fault"


def _alert(state: DrillState, event: AlertRaised) -> PrometheusAlert:
    fault_s, delivered_s = state.applied_s(TREATMENT), state.delivered_s.get(event.alert)
    after_s = None if delivered_s is None else round(delivered_s - fault_s, 2)
    return PrometheusAlert(event.alert, event.priority, event.slo, round(event.t_s - fault_s, 2), after_s)

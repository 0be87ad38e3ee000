"""The alerts of a drill with their clocks: when each was raised, and what was done about it after how long. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from harness.record.event import TREATMENT
from harness.record.incident import AlertAction, AlertHandled, AlertRaised
from harness.verdict.state import DrillState

_INCIDENT = ("fault", "symptoms", "response", "recovery", "control", "general")
"""The phases before the fault is reverted on the treatment."""


@dataclass(frozen=True)
class Handling:
    """What was done about an alert; `after_s` counts from the alert."""

    action: AlertAction
    by: str
    level: int
    text: str
    after_s: float


@dataclass(frozen=True)
class AlertResult:
    """One alert. `raised_s` counts from the fault; `open_s`: until it was resolved, or the incident was ended."""

    alert: str
    priority: str
    slo: str
    source: str
    text: str
    raised_s: float
    open_s: float
    handled: tuple[Handling, ...]

    def after_s(self, action: AlertAction) -> float | None:
        """Seconds from the alert until this was first done; None: it was not."""
        return next((each.after_s for each in self.handled if each.action == action), None)

    def level_after_s(self, level: int) -> float | None:
        """Seconds from the alert until this escalation level, or a higher one, handled it; None: none did."""
        return next((each.after_s for each in self.handled if each.level >= level), None)


def alerts_of(state: DrillState) -> tuple[AlertResult, ...]:
    """The alerts of a drill, oldest first."""
    return tuple(_alert(state, event) for event in state.alerts.raised)


def _alert(state: DrillState, event: AlertRaised) -> AlertResult:
    own = [each for each in state.alerts.handled if each.alert == event.alert]
    resolved = [each.t_s for each in own if each.action == "resolved"]
    return AlertResult(
        alert=event.alert,
        priority=event.priority,
        slo=event.slo,
        source=event.source,
        text=event.text,
        raised_s=round(event.t_s - state.applied_s(TREATMENT), 2),
        open_s=_after(event, min(resolved, default=_incident_end_s(state))),
        handled=tuple(_handling(event, each) for each in own),
    )


def _handling(alert: AlertRaised, event: AlertHandled) -> Handling:
    return Handling(event.action, event.by, event.level, event.text, _after(alert, event.t_s))


def _after(alert: AlertRaised, at_s: float) -> float:
    return round(max(0.0, at_s - alert.t_s), 2)


def _incident_end_s(state: DrillState) -> float:
    """End of the last phase of the incident; of what is measured, when none has ended."""
    ended = (state.phase_ended_s[phase] for phase in _INCIDENT if phase in state.phase_ended_s)
    return max(ended, default=state.sides[TREATMENT].end_s)

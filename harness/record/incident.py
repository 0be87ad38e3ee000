"""The events of an incident's handling: alerts, what was done about them, commands that were typed, and notes.

A responder writes them: the runbook, a person, or an external program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from harness.record.event import DrillEvent, Event
from harness.record.ranges import Count, Seconds, Time

AlertSource = Literal["slo", "prometheus", "drill"]
AlertAction = Literal["acknowledged", "investigating", "updated", "escalated", "mitigated", "resolved"]


@dataclass(frozen=True)
class ProcedureRow:
    """A row of the document's alert or escalation procedure, and what it asks for."""

    kind: Annotated[Literal["alert", "escalation"], "procedure that the row belongs to"]
    line: Annotated[Count, "line of the document, from 1"]
    text: Annotated[str, "text as written"]
    priority: Annotated[str | None, "priority of the alerts that it is for, such as `P0`; null: any"] = None
    level: Annotated[Count | None, "escalation level that it is for; null: none"] = None
    deadline_s: Annotated[Seconds | None, "time limit from the alert on, in seconds; null: none"] = None
    action: Annotated[AlertAction | None, "what is to be done, by the words of the row; null: not known"] = None


@dataclass(frozen=True, kw_only=True)
class ProceduresRead(Event):
    """The alert and escalation procedures of the document, right after its text; a document without any has none."""

    rows: Annotated[tuple[ProcedureRow, ...], "rows in the order of the document"]


@dataclass(frozen=True, kw_only=True)
class ResponderChosen(DrillEvent):
    """Who handles the incident of this drill. Without this event the runbook is executed as written."""

    responder: Annotated[str, "registered name of the responder, such as `human`"]
    command: Annotated[str, "command line of an external program, secrets masked; empty: none"] = ""
    hidden: Annotated[bool, "whether the fault was hidden from the person until the end of the drill"] = False


@dataclass(frozen=True, kw_only=True)
class AlertRaised(DrillEvent):
    """An alert is raised: the clocks of the document's procedures run from here."""

    alert: Annotated[str, "id of the alert, unique in its drill"]
    priority: Annotated[str, "priority as in the document, such as `P0`"]
    text: Annotated[str, "what is broken: SLO, measured value, objective"]
    slo: Annotated[str, "name of the SLO; empty: raised for another reason"] = ""
    source: Annotated[AlertSource, "`slo`: burn rates of the drill's own measurements; `prometheus`; `drill`"] = "slo"

    @property
    def of_prometheus(self) -> bool:
        """Whether a rule in a Prometheus fired; no responder handles that: the drill raises an alert of its own."""
        return self.source == "prometheus"


@dataclass(frozen=True, kw_only=True)
class AlertHandled(DrillEvent):
    """A responder did something about an alert."""

    alert: Annotated[str, "id of the alert"]
    action: Annotated[AlertAction, "what; `updated`: an update was posted; `mitigated`: the SLO holds again"]
    by: Annotated[str, "who: the name of the responder"]
    level: Annotated[Count, "escalation level that handles the alert from now on, from 1"] = 1
    text: Annotated[str, "text of an update, or reason of an escalation; empty: none"] = ""


@dataclass(frozen=True, kw_only=True)
class CommandTyped(DrillEvent):
    """A command that a person or an external program ran in the shell of the treatment platform."""

    command: Annotated[str, "command line, secrets masked"]
    started_s: Annotated[Time, "when it began, seconds since the epoch"]
    ended_s: Annotated[Time, "when it ended, seconds since the epoch"]
    exit_status: Annotated[int | None, "exit status; null: not known, or refused by the policy"] = None
    refused: Annotated[str, "reason for which the policy refused it; empty: it ran"] = ""
    output: Annotated[str, "end of its output, secrets masked; empty: none, or not seen"] = ""
    line: Annotated[Count | None, "line of the runbook's step that it is; null: none of them"] = None
    changed: Annotated[tuple[str, ...], "what it changed on the platform, secrets masked; empty: nothing"] = ()


@dataclass(frozen=True, kw_only=True)
class NoteTaken(DrillEvent):
    """A note of an observer of the drill."""

    by: Annotated[str, "name of the observer"]
    text: Annotated[str, "text of the note"]


@dataclass(frozen=True, kw_only=True)
class RunBeside(DrillEvent):
    """An earlier run of the same incident, in which the runbook was executed as written, to show beside this one."""

    run: Annotated[str, "run directory"]
    verdict: Annotated[str, "verdict of its drill: `passed`, `failed` or `inconclusive`"]
    steps: Annotated[Count, "steps that it ran"]
    acknowledged_s: Annotated[Seconds | None, "seconds from the first alert until it was acknowledged; null: not"] = (
        None
    )
    investigating_s: Annotated[Seconds | None, "the same until it was investigated"] = None
    mitigated_s: Annotated[Seconds | None, "the same until its SLO held again"] = None
    resolved_s: Annotated[Seconds | None, "the same until it was resolved"] = None
    recover_s: Annotated[Seconds | None, "seconds from the fault until every SLO held again; null: they did not"] = None


INCIDENT_EVENTS: Final[tuple[type[Event], ...]] = (
    ProceduresRead,
    ResponderChosen,
    AlertRaised,
    AlertHandled,
    CommandTyped,
    NoteTaken,
    RunBeside,
)
"""Every kind of event of this file."""

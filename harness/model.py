"""A runbook document as frozen dataclasses; each part knows its line.

Lines are 1-based and count from the top of the file, front matter included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a step of a runbook is for."""

    DIAGNOSE = "diagnose"
    CHANGE = "change"
    VERIFY = "verify"
    ROLL_BACK = "roll back"
    ESCALATE = "escalate"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Part:
    """One part of the document: the line where it starts, and its text."""

    line: int
    text: str


@dataclass(frozen=True)
class Command(Part):
    """One shell command as written, possibly of several lines.

    `title` is the comment above it, or "". `manual` says why it is left to a person, "" if it runs.
    """

    title: str = ""
    manual: str = ""
    role: Role = field(default=Role.UNKNOWN, kw_only=True)


@dataclass(frozen=True)
class Symptom(Part):
    """One documented symptom, as prose."""


@dataclass(frozen=True)
class Action(Part):
    """One immediate action in prose, and the commands in its inline code, if any."""

    commands: tuple[Command, ...] = ()
    role: Role = Role.UNKNOWN


@dataclass(frozen=True)
class Toggle(Part):
    """One environment variable to set to `new`; `old` is its documented starting value, or None.

    `manual` says why it is left to a person, "" if it is set. `command` is the command beside it that sets it, and
    `rollback` the one that takes it back; "" where the document has none.
    """

    name: str = ""
    old: str | None = None
    new: str = ""
    manual: str = ""
    command: str = ""
    rollback: str = ""


@dataclass(frozen=True)
class Dashboard(Part):
    """A dashboard or metric to watch: `system` is Grafana, Prometheus, Jaeger…, `name` is the dashboard's name."""

    system: str = ""
    name: str = ""


@dataclass(frozen=True)
class SectionHeading(Part):
    """The heading of a section of a runbook: `name` is that of the synonym table, such as Mitigation, or ""."""

    name: str = ""
    role: Role = Role.UNKNOWN
    """The role of its steps, where neither their words nor their commands say otherwise."""


@dataclass(frozen=True)
class Runbook:
    """One incident class of the document, and how to respond to it."""

    id: str
    title: str
    line: int
    symptoms: tuple[Symptom, ...] = ()
    actions: tuple[Action, ...] = ()
    commands: tuple[Command, ...] = ()
    toggles: tuple[Toggle, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()
    sections: tuple[SectionHeading, ...] = ()


@dataclass(frozen=True)
class GeneralCommand(Command):
    """A command outside of any runbook; `section` is the heading above it."""

    section: str = ""


@dataclass(frozen=True)
class Procedure(Part):
    """One item of an alert, escalation or post-incident procedure.

    `group` is the heading above it ("Critical Alerts (P0)", "Level 1: On-Call Engineer", or ""), `name` its bold label
    ("Immediate Response"), `priority` is P0, P1…, `deadline_s` the stated time limit in seconds.
    """

    group: str = ""
    name: str = ""
    priority: str | None = None
    level: int | None = None
    deadline_s: int | None = None


@dataclass(frozen=True)
class Unread(Part):
    """Text that the parser did not understand, and why; text is never dropped silently."""

    why: str = ""


@dataclass(frozen=True)
class Document:
    """A whole runbook document."""

    path: str
    title: str
    runbooks: tuple[Runbook, ...] = ()
    general: tuple[GeneralCommand, ...] = ()
    alerts: tuple[Procedure, ...] = ()
    escalation: tuple[Procedure, ...] = ()
    post_incident: tuple[Procedure, ...] = ()
    unread: tuple[Unread, ...] = ()
    severity: str = ""
    """As its front matter states it, such as `critical` or `P1`; "" without."""
    text: str = field(default="", repr=False)
    """Its whole text, with its line ends and byte order mark."""

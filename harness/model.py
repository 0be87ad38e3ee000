"""The words of the house as frozen dataclasses: what a runbook document holds, part by part, each with its line.

Lines are 1-based and count from the top of the file as the user sees it (front matter included).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Three-valued; the order of badness is in `worst`."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Part:
    """Any piece of the document that was understood: where it stands and what it says."""

    line: int
    text: str


@dataclass(frozen=True)
class Command(Part):
    """One shell command as written (`text` may span lines); `title` is the comment above it, "" without one."""

    title: str = ""


@dataclass(frozen=True)
class Symptom(Part):
    """One documented symptom, as prose."""


@dataclass(frozen=True)
class Action(Part):
    """One immediate action: prose, with the inline code that an operator would run (may be empty)."""

    commands: tuple[Command, ...] = ()


@dataclass(frozen=True)
class Toggle(Part):
    """One environment variable; `old` is None where the document says only what to set it to."""

    name: str = ""
    old: str | None = None
    new: str = ""


@dataclass(frozen=True)
class Dashboard(Part):
    """A dashboard or a metric to look at: `system` is Grafana, Prometheus, Jaeger…, `name` what to look at in it."""

    system: str = ""
    name: str = ""


@dataclass(frozen=True)
class Runbook:
    """One entry of the document: an incident class and what to do about it."""

    id: str
    title: str
    line: int
    symptoms: tuple[Symptom, ...] = ()
    actions: tuple[Action, ...] = ()
    commands: tuple[Command, ...] = ()
    toggles: tuple[Toggle, ...] = ()
    dashboards: tuple[Dashboard, ...] = ()


@dataclass(frozen=True)
class GeneralCommand(Command):
    """A command of the general troubleshooting part; `section` is the heading above it."""

    section: str = ""


@dataclass(frozen=True)
class Procedure(Part):
    """One item of an alert, escalation or post-incident procedure.

    `group` is the heading above it ("Critical Alerts (P0)", "Level 1: On-Call Engineer", ""), `name` the bold lead
    ("Immediate Response"), `priority` as P0, P1…, `deadline_s` the stated limit in seconds.
    """

    group: str = ""
    name: str = ""
    priority: str | None = None
    level: int | None = None
    deadline_s: int | None = None


@dataclass(frozen=True)
class Unread(Part):
    """Text that was not understood, and why: never dropped in silence."""

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

"""Contract of a rule. Its file in `harness/lint/rules/` has one `RULE`.

Other packages register theirs as entry points of the group `gameday.rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from harness.lint.document import Document
from harness.lint.page import Place


class Severity(StrEnum):
    """How much a finding matters to the person who is paged."""

    ERROR = "error"
    """The runbook does harm, or does not work as written."""
    WARNING = "warning"
    """It may do harm, mislead, or leave the reader without what is needed."""
    NOTE = "note"
    """It could be clearer or safer."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A safe change of one line: replaces the columns of `place` by `text`."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found at a place: one line that names the thing, and the safe changes that correct it."""

    place: Place
    message: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One rule."""

    code: str
    """`RB` and three digits; the first one is the group."""
    name: str
    """Kebab case, for people."""
    severity: Severity
    summary: str
    """What is wrong, as one sentence for the list of rules."""
    why: str
    """What it costs in an incident, and what to write instead."""
    fires: str
    """A document in which it finds something."""
    silent: str
    """A similar document in which it finds nothing."""
    check: Callable[[Document], Iterable[Hit]] = field(repr=False)
    pedantic: bool = False
    """Whether it runs with `--pedantic` only: right more often than useful."""
    fixable: bool = False
    about_alerts: bool = False
    """Whether it reads files of Prometheus rules (`--rules`); all other rules read runbooks."""
    on_platform: bool = False
    """Whether it compares with a platform; its examples with the shipped one, an autoscaled Deployment `scaled`, and
    `bare`, whose image is distroless."""
    beside: str = ""
    """The Prometheus rules beside both examples."""


GROUPS = {
    "0": "lint itself",
    "1": "document",
    "2": "blocks",
    "3": "running",
    "4": "names",
    "5": "danger",
    "6": "kubectl",
    "7": "meaning",
    "8": "alerts",
    "9": "platform",
}
"""The group of a rule by the first digit of its code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit of a rule in a document."""

    rule: str
    name: str
    severity: Severity
    path: str
    place: Place
    message: str
    source: str
    """The line of the document, as written."""
    fingerprint: str = ""
    """Stays the same when lines above are added or removed."""
    edits: tuple[Edit, ...] = ()

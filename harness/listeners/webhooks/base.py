"""The contract of a format of notifications: the body of a request for each change of an alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, Protocol, TypeAlias
from urllib.parse import urlsplit

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
Change = Literal["raised", "acknowledged", "resolved"]
SEVERITIES: Final = ("critical", "warning", "info")
"""Of the first, the second, and all further priorities of a document."""


@dataclass(frozen=True)
class Notice:
    """One change of an alert; times are seconds since the epoch. `run` is unique, so `key` is too."""

    change: Change
    run: str
    drill: str
    alert: str
    priority: str
    severity: str
    slo: str
    text: str
    document: str
    platform: str
    raised_s: float
    at_s: float

    @property
    def key(self) -> str:
        """The same for all changes of one alert."""
        return f"gameday/{self.run}/{self.drill}/{self.alert}"

    @property
    def summary(self) -> str:
        """One line, which says first that it is a drill: who is paged has to know it."""
        return f"[gameday drill] {self.priority} {self.drill}: {self.text}"


class Format(Protocol):
    """Makes the body of a request."""

    def body(self, notice: Notice) -> Json | None:
        """The body for a change; None: this format has no request for it."""
        ...


def rfc3339(at_s: float) -> str:
    """A time as both systems write it: `2026-01-31T12:00:00.250Z`."""
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown(url: str) -> str:
    """A URL for a message: scheme, host and port. User, path and query may contain secrets."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname or ''}{port}{'/…' if parts.path.strip('/') or parts.query else ''}"

"""What a person can do by the page; nothing where a run goes on by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class ControlError(Exception):
    """A person cannot do this now; the message says why."""


class Controls(Protocol):
    """Takes what a person does on the page. Called in a thread of the server: it must return soon."""

    def act(self, action: str, values: Mapping[str, str]) -> None:
        """Do something, such as `step` with its `number`. Raises ControlError when it is unknown or not possible."""
        ...


class NoControls:
    """The controls of an automatic run: there are none."""

    def act(self, action: str, values: Mapping[str, str]) -> None:
        """Refuse."""
        raise ControlError("this run is automatic: there is nothing to do by hand")

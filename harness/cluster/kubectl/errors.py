"""Errors of commands, with the text for stderr and the exit status."""

from __future__ import annotations

import re

from harness.cluster.api import Invalid, NotFound


class Failure(Exception):
    """The command failed; `str(failure)` is the complete text for stderr without the final newline."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status


def from_server(reason: str, text: str) -> Failure:
    return Failure(f"Error from server ({reason}): {text}")


def not_found(error: NotFound) -> Failure:
    return from_server("NotFound", str(error))


def invalid(error: Invalid) -> Failure:
    """A change that the API server refuses; `Deployment.apps "web" is invalid: …` becomes `The Deployment "web" …`."""
    found = re.fullmatch(r'(\w+)[\w.]* ("[^"]*" is invalid: .*)', str(error), re.DOTALL)
    return Failure(f"The {found[1]} {found[2]}" if found else f"error: {error}")

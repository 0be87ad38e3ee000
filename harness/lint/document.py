"""What a rule is given: the page, its commands, and the facts that several rules ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property

from harness.lint.alerts import Alerts
from harness.lint.commands import Command, Pipeline, Shell
from harness.lint.page import Page
from harness.lint.platform import Platform
from harness.lint.scan import scan
from harness.lint.shell import read


@dataclass(frozen=True)
class Outside:
    """What a document is compared with. None where it is not known: then the rules about it find nothing."""

    exists: Callable[[str], bool] | None = None
    """Whether a path relative to the document exists."""
    alerts: Alerts | None = None
    """The alerting rules of the project."""
    platform: Platform | None = None
    """The platform on which the commands run."""


@dataclass(frozen=True, eq=False)
class Document(Page):
    """A page with its commands, which are read on first use, and what it is compared with."""

    outside: Outside = Outside()

    @cached_property
    def shell(self) -> Shell:
        """What the shell blocks and the inline code contain."""
        return read(self)

    @property
    def pipelines(self) -> tuple[Pipeline, ...]:
        """Every pipeline of commands in order."""
        return self.shell.pipelines

    @property
    def commands(self) -> tuple[Command, ...]:
        """Every command in order, with those inside of others."""
        return self.shell.commands

    def behind(self, command: Command) -> Command | None:
        """The first command of a later statement in the same block or inline code."""
        return self._behind.get((id(command.source), command.statement))

    @cached_property
    def _behind(self) -> dict[tuple[int, int], Command]:
        """By source and statement, the first command of the statement after it."""
        found: dict[tuple[int, int], Command] = {}
        last: dict[int, Command] = {}
        for command in self.commands:
            before = last.get(id(command.source))
            if command.nested or (before is not None and before.statement == command.statement):
                continue
            if before is not None:
                found[id(command.source), before.statement] = command
            last[id(command.source)] = command
        return found


_NOTHING = Outside()


def parse(text: str, path: str = "<text>", outside: Outside = _NOTHING) -> Document:
    """Parse any text. Never raises."""
    page = scan(text, path)
    return Document(**{each.name: getattr(page, each.name) for each in fields(page)}, outside=outside)

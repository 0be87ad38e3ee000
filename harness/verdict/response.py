"""What a responder other than the runbook did, as its events say, and all changes of a response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from harness.record.incident import CommandTyped, NoteTaken, ResponderChosen, RunBeside
from harness.record.steps import StepFacts


@dataclass
class ResponseLog:
    """In the order of the record. `chosen` is None where the runbook is executed as written."""

    chosen: ResponderChosen | None = None
    commands: list[CommandTyped] = field(default_factory=list)
    notes: list[NoteTaken] = field(default_factory=list)
    beside: RunBeside | None = None

    def add(self, event: ResponderChosen | CommandTyped | NoteTaken | RunBeside) -> None:
        """Take the next event."""
        if isinstance(event, ResponderChosen):
            self.chosen = event
        elif isinstance(event, RunBeside):
            self.beside = event
        elif isinstance(event, CommandTyped):
            self.commands.append(event)
        else:
            self.notes.append(event)

    @property
    def summary(self) -> str:
        """Who responded, and by how many commands; "" for the runbook."""
        count = sum(not each.refused for each in self.commands)
        return f"{self.chosen.responder} ran {count} command{'' if count == 1 else 's'}" if self.chosen else ""


@dataclass(frozen=True)
class Change:
    """A step or a typed command that changed the platform; `line` is None where it is no step of the document."""

    line: int | None
    text: str
    changed: tuple[str, ...]
    started_s: float
    ended_s: float


def changes(steps: Iterable[StepFacts], log: ResponseLog) -> list[Change]:
    """Every change of the response in order. A typed command that is a step of the document counts as that step."""
    return sorted((*_of_steps(steps), *_of_commands(log)), key=lambda change: change.started_s)


def _of_steps(steps: Iterable[StepFacts]) -> Iterator[Change]:
    for facts in steps:
        if facts.changed:
            yield Change(facts.line, facts.text, facts.changed, facts.started_s, facts.started_s + facts.seconds)


def _of_commands(log: ResponseLog) -> Iterator[Change]:
    for each in log.commands:
        if each.changed and each.line is None:
            yield Change(None, each.command, each.changed, each.started_s, each.ended_s)


@dataclass(frozen=True)
class CommandResult:
    """A command that a person or a program ran. `after_s` counts from the begin of the response."""

    command: str
    line: int | None
    after_s: float
    seconds: float
    exit_status: int | None
    refused: str
    output: str
    changed: tuple[str, ...]


@dataclass(frozen=True)
class NoteResult:
    """A note of an observer. `after_s` counts from the begin of the response."""

    by: str
    text: str
    after_s: float


@dataclass(frozen=True)
class ResponseResult:
    """What a person or a program did in place of the runbook."""

    responder: str
    command: str
    """Command line of a program; empty: none."""
    hidden: bool
    commands: tuple[CommandResult, ...]
    notes: tuple[NoteResult, ...]
    beside: RunBeside | None
    """A run of the same incident in which the runbook was executed as written; None: none is known."""

    @property
    def lines(self) -> tuple[int, ...]:
        """Lines of the document's steps that were run, each once, in order."""
        return tuple(dict.fromkeys(each.line for each in self.commands if each.line is not None and not each.refused))


def response_of(log: ResponseLog, began_s: float) -> ResponseResult | None:
    """The response, which began at `began_s`; None where the runbook was executed as written."""
    if log.chosen is None:
        return None
    return ResponseResult(
        responder=log.chosen.responder,
        command=log.chosen.command,
        hidden=log.chosen.hidden,
        commands=tuple(_command(each, began_s) for each in log.commands),
        notes=tuple(NoteResult(each.by, each.text, round(each.t_s - began_s, 1)) for each in log.notes),
        beside=log.beside,
    )


def _command(event: CommandTyped, began_s: float) -> CommandResult:
    return CommandResult(
        command=event.command,
        line=event.line,
        after_s=round(event.started_s - began_s, 1),
        seconds=round(event.ended_s - event.started_s, 3),
        exit_status=event.exit_status,
        refused=event.refused,
        output=event.output,
        changed=event.changed,
    )

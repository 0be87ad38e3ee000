"""One line of text to a desk, and its answer as text: the language of the terminal, of `gameday shell` and of programs.

A word of the desk (`ack`, `step 31`, `resolve`) is an action; any other line is a command for the platform.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from harness.responders.command_end import CommandEnd
from harness.responders.desk import IncidentDesk
from harness.responders.situation import DeskError
from harness.responders.wording import HELP, end_text, sheet_text, situation_text

REFUSED = 126
"""Exit status of what was refused, as of a program that bash may not start."""
ENDED = 130
"""Exit status of a command that was ended before its end."""


@dataclass(frozen=True)
class Answer:
    """The answer to one line, like the end of a program."""

    stdout: str = ""
    stderr: str = ""
    status: int = 0


class Console:
    """Gives lines to a desk. `observer`: the name under which notes are kept."""

    def __init__(self, desk: IncidentDesk, observer: str = "observer") -> None:
        self._desk, self._observer = desk, observer
        self._words: Mapping[str, Callable[[str], str]] = {
            "help": lambda rest: HELP,
            "status": lambda rest: situation_text(desk.situation()),
            "runbook": lambda rest: sheet_text(desk, rest),
            "document": lambda rest: desk.document.text,
            "ack": lambda rest: _said(desk.acknowledge, "acknowledged"),
            "investigate": lambda rest: _said(desk.investigate, "investigation begun"),
            "update": lambda rest: _said(lambda: desk.update(rest), "update posted"),
            "escalate": lambda rest: f"escalated to level {desk.escalate(rest)}\n",
            "note": lambda rest: _said(lambda: desk.note(self._observer, rest), "noted"),
            "resolve": lambda rest: _said(
                lambda: desk.resolve(rest), "resolved; the measurements decide whether it is"
            ),
        }

    def answer(self, line: str) -> Answer:
        """Do what a line says; return when it is done."""
        word, _, rest = line.strip().partition(" ")
        try:
            if not word:
                return Answer()
            if word == "step":
                return self._step(rest.strip())
            if word in self._words:
                return Answer(self._words[word](rest.strip()))
            return _answer(self._desk.run_command(line.strip()))
        except DeskError as error:
            return Answer(stderr=f"{word}: {error}\n", status=1)

    def _step(self, line: str) -> Answer:
        if not line.isdecimal():
            raise DeskError(f"`{line}` is no line; `runbook` shows the lines that have a step")
        ends = self._desk.run_step(int(line))
        stdout = "".join(f"$ {end.command}\n{end_text(end)}" for end in ends)
        return Answer(stdout, "".join(map(_refusal, ends)), next((s for s in map(_status, ends) if s), 0))


def _said(do: Callable[[], None], text: str) -> str:
    do()
    return f"{text}\n"


def _answer(end: CommandEnd) -> Answer:
    return Answer(end.stdout, f"{end.stderr}{_refusal(end)}", _status(end))


def _refusal(end: CommandEnd) -> str:
    return "" if not end.refused or end.exit_status is not None else f"gameday: refused: {'; '.join(end.refused)}\n"


def _status(end: CommandEnd) -> int:
    if end.exit_status is None:
        return REFUSED if end.refused else ENDED
    return end.exit_status

"""The responder that is any program: an automation or an agent, judged like a person."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from harness.errors import MachineError
from harness.record.event import TREATMENT
from harness.record.events import FindingNoted, ProcessStarted
from harness.record.incident import ResponderChosen
from harness.record.masking import masked
from harness.responders.base import Incident, Responder
from harness.responders.briefing import briefing
from harness.responders.desk import IncidentDesk
from harness.responders.desk_socket import desk_socket
from harness.responders.program_process import KEPT_BYTES, ProgramProcess, Workplace
from harness.responders.sections import Section, sections_of_incident
from harness.responders.situation import DeskError
from harness.steps.run import StepLimits

PROGRAM = "program"
BUDGET_S = 300.0
"""Longest response of a program."""
OUTPUT = "responder.out"
"""The begin of what it prints, beside the outputs of its commands."""
_SHOWN = 200


@dataclass
class ProgramResponder(Responder):
    """Runs a command line for each incident; its exit status 0 resolves the incident.

    `sections`: the steps of the whole document (default: those of the incident).
    """

    command: str
    sections: Sequence[Section] = ()
    budget_s: float = BUDGET_S
    hidden: bool = False
    limits: StepLimits = field(default_factory=StepLimits)
    name: str = PROGRAM

    def __post_init__(self) -> None:
        self._argv = parsed(self.command)

    def chosen(self) -> ResponderChosen:
        return ResponderChosen(responder=self.name, command=masked(self.command), hidden=self.hidden)

    def respond(self, incident: Incident) -> None:
        sections = self.sections or sections_of_incident(incident)
        desk = IncidentDesk(
            incident, sections, self.name, hidden=self.hidden, budget_s=self.budget_s, limits=self.limits
        )
        output = incident.session.folder / OUTPUT
        with _workplace(desk) as place:
            stdin = place.folder / "briefing.json"
            stdin.write_text(briefing(desk, incident.platform.namespace), encoding="utf-8")
            process = ProgramProcess(self._argv, place, stdin, output)
            try:
                started_s = psutil.Process(process.pid).create_time()
                incident.record(
                    ProcessStarted(
                        side=TREATMENT, name="responder", pid=process.pid, pgid=process.pid, started_s=started_s
                    ),
                    sync=True,
                )
                desk.attend(ended=lambda: _has_ended(process, desk))
            finally:
                status = process.status()
                process.kill()
                desk.close()
        for text in self._findings(process, status, desk, output):
            incident.record(FindingNoted(text=text))

    def _findings(self, process: ProgramProcess, status: int | None, desk: IncidentDesk, output: Path) -> Iterator[str]:
        text = masked(output.read_text(encoding="utf-8", errors="replace"))
        output.write_text(text, encoding="utf-8")
        last = next((line for line in reversed(text.splitlines()) if line.strip()), "")[:_SHOWN]
        said = f": {last}" if last else ""
        if status is None and not desk.situation().resolved:
            yield f"the responder did not end within {self.budget_s:g} s, and was killed{said}"
        elif status:
            yield f"the responder ended with exit status {status}{said}"
        if process.printed_bytes > KEPT_BYTES:
            yield f"the responder printed {process.printed_bytes:,} bytes; the first {KEPT_BYTES:,} are kept"


def _has_ended(process: ProgramProcess, desk: IncidentDesk) -> bool:
    """Whether the program has ended; the exit status 0 says that the incident is over."""
    status = process.status()
    if status == 0:
        with suppress(DeskError):  # it has said so before, or no alert was raised
            desk.resolve("the program ended with exit status 0")
    return status is not None


@contextmanager
def _workplace(desk: IncidentDesk) -> Iterator[Workplace]:
    """A folder with a short path for the program, and the desk's socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="gameday-")).resolve()
    try:
        with desk_socket(desk, folder) as path:
            place = Workplace(folder, path)
            place.furnish()
            yield place
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parsed(command: str) -> list[str]:
    """The words of a command line, the first one as a path. Raises MachineError where there is no such program."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise MachineError(f"--responder `{command}`: is no command line ({error}); quote it for the shell") from None
    found = shutil.which(words[0]) if words else None
    if found is None:
        first = words[0] if words else ""
        raise MachineError(
            f"--responder `{command}`: neither a responder nor a program on PATH is named `{first}`; "
            "name one of human, runbook, or a command line"
        )
    return [os.path.abspath(found), *words[1:]]

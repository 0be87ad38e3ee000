"""What a person, or a program in a person's place, can do and see in one drill; knows no terminal and no web page.

Every action is recorded as an event when it happens. All methods are safe in every thread; commands run one at a time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.bash.parse import parse
from harness.clock import now_s
from harness.errors import Interrupted
from harness.policy import classify
from harness.record.incident import AlertAction, CommandTyped, NoteTaken
from harness.record.masking import masked
from harness.record.steps import StepFacts
from harness.responders.base import Incident
from harness.responders.command_end import CommandEnd, end_of, ended_early, masked_facts
from harness.responders.sections import Section
from harness.responders.situation import DeskError, Situation, clocks
from harness.steps.run import Runner, StepLimits
from harness.steps.step import Step

LEVELS = 3
"""Escalation levels of a document that names none."""
LONGEST_TEXT = 2_000
"""Most characters of an update or a note."""
_POLL_S = 0.05


class IncidentDesk:
    """The desk of one drill, from the begin of the response to its end; `attend` waits for that in the drill's thread.

    `sections`: the steps that can be run by their lines. `by`: name of the responder in the record. `hidden`: whether
    the fault and the runbook are not to be shown. `budget_s`: longest response. `clock` returns seconds since the
    epoch.
    """

    def __init__(
        self,
        incident: Incident,
        sections: Sequence[Section],
        by: str,
        *,
        hidden: bool = False,
        budget_s: float = 900.0,
        limits: StepLimits | None = None,
        clock: Callable[[], float] = now_s,
    ) -> None:
        self.sections, self.by, self.hidden = tuple(sections), by, hidden
        self.document, self.run_dir = incident.document, incident.session.run_dir
        self._incident, self._limits, self._clock = incident, limits or StepLimits(), clock
        self._ends_s = clock() + budget_s
        self._lock, self._command = threading.Lock(), threading.Lock()
        self._halt: threading.Event | None = None
        """Ends the command that runs; None: none does."""
        self._level, self._number, self._resolved, self._closed = 1, 0, False, False

    # -- what is seen --------------------------------------------------------------------------------------------------

    def situation(self) -> Situation:
        """The alerts, the clocks of the document, the SLOs and what was done, as of now."""
        log, now = self._incident.alert_log(), self._clock()
        with self._lock:
            level, resolved, closed = self._level, self._resolved, self._closed
        return Situation(
            now_s=now,
            alerts=tuple(log.raised),
            clocks=tuple(clocks(log, self.document, now)),
            slos=self._incident.slos(),
            handled=tuple(log.handled),
            level=level,
            resolved=resolved,
            closed=closed,
            left_s=max(0.0, self._ends_s - now),
        )

    # -- what is done about the alerts ---------------------------------------------------------------------------------

    def acknowledge(self) -> None:
        """Acknowledge every alert. Raises DeskError, as all actions do, when that cannot be done now."""
        self._handle("acknowledged")

    def investigate(self) -> None:
        """Begin to investigate every alert."""
        self._handle("investigating")

    def update(self, text: str) -> None:
        """Post an update, such as on a status page."""
        self._handle("updated", _words(text, "update"))

    def escalate(self, text: str = "") -> int:
        """Hand the alerts to the next level; return that level."""
        self._handle("escalated", _words(text, "reason", needed=False))
        return self._level

    def resolve(self, text: str = "") -> None:
        """Say that the incident is over, which ends the response; whether it is, the measurements decide."""
        self._handle("resolved", _words(text, "text", needed=False))
        with self._lock:
            self._resolved = True

    def note(self, by: str, text: str) -> None:
        """Keep a note of an observer, also after the response has ended."""
        self._incident.record(NoteTaken(by=by, text=_words(text, "note")))

    def _handle(self, action: AlertAction, text: str = "") -> None:
        """Record an action about every alert; `updated` and `escalated` can come several times, others once."""
        again = action in ("updated", "escalated")
        with self._lock:
            self._check_open()
            log = self._incident.alert_log()
            due = log.raised if again else log.without(action)
            if not due:
                raise DeskError(f"every alert is {action} already" if log.raised else "no alert is raised yet")
            if action == "escalated":
                self._level = self._next_level()
            for each in due:
                self._incident.handled(each.alert, action, self.by, self._level, text)

    def _next_level(self) -> int:
        highest = max((part.level or 0 for part in self.document.escalation), default=0) or LEVELS
        if self._level >= highest:
            raise DeskError(f"level {self._level} is the highest one that the document has")
        return self._level + 1

    def _check_open(self) -> None:
        if self._closed or self._resolved:
            raise DeskError("the response has ended; the drill goes on by itself")

    # -- commands ------------------------------------------------------------------------------------------------------

    def run_step(self, line: int) -> tuple[CommandEnd, ...]:
        """Run the documented steps of a line, one after the other."""
        steps = [step for section in self.sections for step in section.steps if step.line == line]
        if not steps:
            raise DeskError(f"line {line} of the document has no step; `runbook` shows the lines that have one")
        return tuple(self._run(step, documented=True) for step in steps)

    def run_command(self, text: str) -> CommandEnd:
        """Run a command line under the policy of the runbook's steps; the text of a documented step is that step."""
        if step := self._documented(text):
            return self._run(step, documented=True)
        script = parse(text)
        typed = Step(0, "command", classify.purpose(script), text, shown=text, script=script)
        return self._run(typed, documented=False)

    def _documented(self, text: str) -> Step | None:
        """The step whose text this is, as written or with its placeholders filled; None: there is none."""
        words = text.split()
        steps = (step for section in self.sections for step in section.steps if step.script)
        return next((step for step in steps if words in (step.text.split(), step.shown.split())), None)

    def interrupt(self) -> bool:
        """End the command that runs; return whether one did."""
        with self._lock:
            if self._halt is not None:
                self._halt.set()
            return self._halt is not None

    def _run(self, step: Step, *, documented: bool) -> CommandEnd:
        """Run one command when the one before it has ended, and record it."""
        with self._command:
            halt = self._begin()
            started_s = self._clock()
            try:
                facts = Runner(self._incident.platform, self._incident.session, halt, self._limits).run(
                    replace(step, number=self._number)
                )
            except Interrupted:
                end = ended_early(step, started_s, self._clock())
            else:
                end = end_of(facts, self._incident.session.run_dir)
                self._record_step(facts, documented=documented)
            finally:
                with self._lock:
                    self._halt = None
            self._record_command(end, started_s)
            return end

    def _begin(self) -> threading.Event:
        with self._lock:
            self._check_open()
            self._number += 1
            self._halt = threading.Event()
            return self._halt

    def _record_step(self, facts: StepFacts, *, documented: bool) -> None:
        if documented:
            self._incident.executed(masked_facts(facts))

    def _record_command(self, end: CommandEnd, started_s: float) -> None:
        self._incident.record(
            CommandTyped(
                command=masked(end.command),
                started_s=started_s,
                ended_s=self._clock(),
                exit_status=end.exit_status,
                refused="; ".join(end.refused),
                output=end.recorded_output,
                line=end.line,
                changed=tuple(map(masked, end.changed)),
            )
        )

    # -- the drill's side ----------------------------------------------------------------------------------------------

    def attend(self, pause: Callable[[float], object] | None = None, ended: Callable[[], bool] = lambda: False) -> None:
        """Wait until the responder resolves or has `ended`, or the budget is spent; then end the command that runs, and
        the response.

        `pause` waits some seconds (default: until the run is stopped). Raises Interrupted when it is.
        """
        try:
            while not (ended() or self._resolved or self._clock() >= self._ends_s):
                if self._incident.stop.is_set():
                    raise Interrupted("interrupted while the incident was handled")
                (pause or self._incident.stop.wait)(_POLL_S)
        finally:
            self.close()

    def close(self) -> None:
        """End the response: no further action or command; return when the last command has ended. Idempotent."""
        with self._lock:
            self._closed = True
        self.interrupt()
        with self._command:
            pass


def _words(text: str, what: str, *, needed: bool = True) -> str:
    words = masked(" ".join(text.split()))[:LONGEST_TEXT]
    if needed and not words:
        raise DeskError(f"the {what} has no text")
    return words

"""What a person does on the page of a drill: handle the alerts, run documented steps, take notes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from harness.errors import GamedayError
from harness.listeners.web.controls import ControlError
from harness.listeners.web.feed import Feed
from harness.responders.desk import IncidentDesk

Values = Mapping[str, str]
Do = Callable[[Values], object]


class DeskControls:
    """Implements Controls by the desk of a drill, which is there during its response."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.desk: IncidentDesk | None = None
        self._running: int | None = None
        self._lock = threading.Lock()
        self.show()

    @contextmanager
    def front(self, desk: IncidentDesk) -> Iterator[None]:
        """Make the desk usable on the page for as long as the `with` lasts. Notes can be taken afterwards, too."""
        self.desk = desk
        self.show()
        try:
            yield
        finally:
            self.show()

    @property
    def responding(self) -> bool:
        """Whether the response goes on."""
        situation = self.desk.situation() if self.desk else None
        return situation is not None and not (situation.closed or situation.resolved)

    def act(self, action: str, values: Values) -> None:
        """Do what a button of the page says. Raises ControlError when it is not possible now."""
        do = self.actions().get(action)
        if do is None:
            raise ControlError(f"there is no action `{action}`")
        try:
            do(values)
        except GamedayError as error:
            raise ControlError(str(error)) from error
        finally:
            self.show()

    def actions(self) -> dict[str, Do]:
        """By name, what does it."""
        return {
            "acknowledge": lambda _: self._desk().acknowledge(),
            "investigate": lambda _: self._desk().investigate(),
            "update": lambda values: self._desk().update(values.get("text", "")),
            "escalate": lambda values: self._desk().escalate(values.get("text", "")),
            "resolve": lambda values: self._desk().resolve(values.get("text", "")),
            "note": lambda values: self._desk().note(values.get("by") or "observer", values.get("text", "")),
            "step": self._step,
        }

    def _desk(self) -> IncidentDesk:
        if self.desk is None:
            raise ControlError("there is nothing to handle yet: the response begins when the symptoms are there")
        return self.desk

    def _step(self, values: Values) -> None:
        """Run the documented steps of a line in a thread of their own; the page learns from the record how they end."""
        desk, line = self._desk(), values.get("line", "")
        if not line.isdecimal() or int(line) not in {step.line for part in desk.sections for step in part.steps}:
            raise ControlError(f"line `{line}` of the document has no step")
        with self._lock:
            if self._running is not None or not self.responding:
                raise ControlError("one step at a time, during the response")
            self._running = int(line)
        threading.Thread(target=self._run, args=(desk, int(line)), name="page-step", daemon=True).start()

    def _run(self, desk: IncidentDesk, line: int) -> None:
        try:
            desk.run_step(line)
        except GamedayError as error:
            self.feed.put("problem", "problem", {"text": f"line {line}: {error}"})
        finally:
            with self._lock:
                self._running = None
            self.show()

    def show(self) -> None:
        """Tell the page what is possible."""
        shown = {"buttons": self.buttons(), "hint": self.hint(), "link": self.link()}
        responding = self.responding
        people = {"steps": responding, "running": self._running, "alerts": responding, "notes": self.desk is not None}
        self.feed.put("controls", "controls", {**shown, **people})

    def buttons(self) -> list[dict[str, object]]:
        """The buttons above the runbook."""
        return []

    def link(self) -> dict[str, object] | None:
        """A link beside the hint: its text, and a port of the host under which the page is open."""
        return None

    def hint(self) -> str:
        """What the person can do next."""
        if self.responding:
            return "Handle the alerts, run steps in any order, and resolve when the service levels hold again."
        return ""

"""What a person does on the page of `gameday ui`: inject and end the fault, execute steps, end and repeat the drill."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.errors import GamedayError
from harness.faults.gate import FaultGate
from harness.listeners.web.controls import ControlError
from harness.listeners.web.feed import Feed
from harness.plan import DrillPlan
from harness.responders.by_hand import ByHandResponder


@dataclass
class Session:
    """What lasts from one drill to the next: which one is wanted, and whether the person has quit."""

    quit: threading.Event
    drills: tuple[str, ...]
    """Ids of the runbooks that can be drilled."""
    wanted: str
    """The runbook of the next drill."""


@dataclass
class HandControls:
    """Implements Controls for one drill. `stop` ends it."""

    feed: Feed
    drill: DrillPlan
    session: Session
    locust: str
    """The address of locust's web UI."""
    stop: threading.Event = field(default_factory=threading.Event)
    again: threading.Event = field(default_factory=threading.Event)
    """Set when the person wants another drill."""

    def __post_init__(self) -> None:
        self.gate = FaultGate(self.stop, self.show)
        self.responder = ByHandResponder(self.show)
        self._locust_is_up = self._waits_for_load = self._over = False
        self._end_locust: Callable[[], None] = lambda: None
        self.show()

    # -- what happens in the drill

    def wait_for_load(self, waits: bool) -> None:
        """Whether locust's web UI is up and the load has not begun."""
        self._locust_is_up, self._waits_for_load = True, waits
        self.show()

    def keep_locust(self, end: Callable[[], None]) -> None:
        """Keep locust's web UI with its figures until the next drill, or the end; `end` ends it."""
        self._end_locust = end

    def close(self) -> None:
        """End what was kept."""
        self._end_locust()

    def end(self) -> None:
        """The drill has ended."""
        self._over = True
        self.show()

    # -- what the person does

    def act(self, action: str, values: Mapping[str, str]) -> None:
        """Do what a button of the page says. Raises ControlError when it is not possible now."""
        actions = {
            "inject": self._inject, "end-fault": self._end_fault, "step": lambda: self._step(values.get("number", "")),
            "finish": self._finish, "reset": lambda: self._reset(values.get("drill", "")), "quit": self._quit,
        }  # fmt: skip
        if action not in actions:
            raise ControlError(f"there is no action `{action}`")
        actions[action]()

    def _inject(self) -> None:
        if not self.gate.waiting:
            raise ControlError("the fault can be injected once, when the baseline has been decided")
        self.gate.inject()

    def _end_fault(self) -> None:
        if not self.gate.active:
            raise ControlError("no fault is active")
        try:
            self.gate.end()
        except GamedayError as error:
            raise ControlError(str(error)) from error

    def _step(self, number: str) -> None:
        known = {str(step.number): step for step in self.drill.steps if step.script is not None}
        if number not in known:
            raise ControlError(f"there is no step `{number}` to execute")
        if not self.responder.open or self.responder.running is not None:
            raise ControlError("one step at a time, from the symptoms on until the response is finished")
        self.responder.choose(known[number].number)

    def _finish(self) -> None:
        if not self.responder.open or self.responder.running is not None:
            raise ControlError("the response is finished when no step is running, after the symptoms were seen")
        self.responder.finish()

    def _reset(self, drill: str) -> None:
        if drill and drill not in self.session.drills:
            raise ControlError(f"there is no runbook `{drill}` to drill")
        self.session.wanted = drill or self.drill.runbook.id
        self.again.set()
        self.stop.set()

    def _quit(self) -> None:
        self.session.quit.set()
        self.stop.set()

    # -- what the page shows

    def show(self) -> None:
        """Tell the page which actions are possible."""
        responding, running = self.responder.open, self.responder.running
        buttons = [
            _button("inject", "Inject the fault", self.gate.waiting, "main"),
            _button("finish", "Finish the response", responding and running is None, "main"),
            _button("end-fault", "End the fault", self.gate.active and not self._over, "danger"),
            _button("reset", "New drill" if self._over else "Reset", True),
            _button("quit", "Quit", True),
        ]
        link = {"href": self.locust, "text": "locust's web UI"} if self._locust_is_up else None
        shown = {"buttons": buttons, "steps": responding, "running": running, "hint": self._hint(), "link": link}
        self.feed.put("controls", "controls", shown)

    def _hint(self) -> str:
        """What the person can do next."""
        if self._over:
            return "Everything has been reverted and ended."
        if self._waits_for_load:
            return "Start the load:"
        if self.gate.waiting:
            return "The baseline is known: inject the fault."
        if self.responder.open:
            return "Execute steps in any order, then finish the response."
        return ""


def _button(action: str, label: str, enabled: bool, kind: str = "") -> dict[str, object]:
    return {"action": action, "label": label, "enabled": enabled, "kind": kind}

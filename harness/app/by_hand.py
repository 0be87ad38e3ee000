"""What a person does on the page of `gameday ui`, beside handling the incident: inject, end, repeat, quit."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from harness.app.desk_controls import DeskControls, Do, Values
from harness.faults.gate import FaultGate
from harness.listeners.web.controls import ControlError
from harness.listeners.web.feed import Feed


@dataclass
class Sitting:
    """What lasts from one drill to the next: which one is wanted, and whether the person has quit."""

    quit: threading.Event
    drills: tuple[str, ...]
    """Ids of the runbooks that can be drilled."""
    wanted: str
    """The runbook of the next drill."""


class HandControls(DeskControls):
    """Implements Controls, and the audience of locust, for one drill. `locust`: the port of its web UI.

    `stop` ends the drill.
    """

    def __init__(self, feed: Feed, sitting: Sitting, locust: int) -> None:
        self._sitting, self._locust = sitting, locust
        self.stop, self.again = threading.Event(), threading.Event()
        self.gate = FaultGate(self.stop, self.show)
        self._locust_is_up = self._waits_for_load = self._over = False
        self._end_locust: Callable[[], None] = lambda: None
        super().__init__(feed)

    # -- what happens in the drill -------------------------------------------------------------------------------------

    def wait_for_load(self, waits: bool) -> None:
        """Whether the load has not begun; locust's web UI is up."""
        self._locust_is_up, self._waits_for_load = True, waits
        self.show()

    def keep_locust(self, end: Callable[[], None]) -> None:
        """Keep locust's web UI with its figures until the next drill, or the end; `end` ends it."""
        self._end_locust = end

    def end(self) -> None:
        """The drill has ended."""
        self._over = True
        self.show()

    def close(self) -> None:
        """End what was kept."""
        self._end_locust()

    # -- what the person does ------------------------------------------------------------------------------------------

    def actions(self) -> dict[str, Do]:
        """Those of the desk, and those about the drill itself."""
        own: dict[str, Do] = {
            "inject": self._inject, "end-fault": self._end_fault, "reset": self._reset, "quit": self._quit,
        }  # fmt: skip
        return {**super().actions(), **own}

    def _inject(self, _: Values) -> None:
        if not self.gate.waiting:
            raise ControlError("the fault can be injected once, when the baseline has been decided")
        self.gate.inject()

    def _end_fault(self, _: Values) -> None:
        if not self.gate.active:
            raise ControlError("no fault is active")
        self.gate.end()

    def _reset(self, values: Values) -> None:
        drill = values.get("drill") or self._sitting.wanted
        if drill not in self._sitting.drills:
            raise ControlError(f"there is no runbook `{drill}` to drill")
        self._sitting.wanted = drill
        self.again.set()
        self.stop.set()

    def _quit(self, _: Values) -> None:
        self._sitting.quit.set()
        self.stop.set()

    # -- what the page shows -------------------------------------------------------------------------------------------

    def buttons(self) -> list[dict[str, object]]:
        """Inject and end the fault, begin again, quit."""
        return [
            _button("inject", "Inject the fault", self.gate.waiting, "main"),
            _button("end-fault", "End the fault", self.gate.active and not self._over, "danger"),
            _button("reset", "New drill" if self._over else "Reset", not self.again.is_set()),
            _button("quit", "Quit", not self._sitting.quit.is_set()),
        ]

    def link(self) -> dict[str, object] | None:
        """To locust, while it is up."""
        return {"port": self._locust, "text": "locust's web UI"} if self._locust_is_up else None

    def hint(self) -> str:
        """What the person can do next."""
        if self.stop.is_set() and not self._over:
            return "Everything is being reverted and ended."
        if self._over:
            return "Everything has been reverted and ended."
        if self._waits_for_load:
            return "Start the load:"
        if self.gate.waiting:
            return "The baseline is known: inject the fault."
        return super().hint()


def _button(action: str, label: str, enabled: bool, kind: str = "") -> dict[str, object]:
    return {"action": action, "label": label, "enabled": enabled, "kind": kind}

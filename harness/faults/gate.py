"""Faults that wait until a person injects them, and that the person can end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import Interrupted
from harness.faults.base import Fault, Injection, Target

CHECK_S = 0.1


class FaultGate:
    """Holds back the faults of one drill. `changed` is called when `waiting` or `active` changes. Thread-safe."""

    def __init__(self, stop: threading.Event, changed: Callable[[], None]) -> None:
        """`stop` ends the wait, as everything else in a drill."""
        self._stop, self._changed = stop, changed
        self._open = threading.Event()
        self._injections: list[Injection] = []
        self.waiting = self.ended = False

    @property
    def active(self) -> bool:
        """Whether a fault was prepared, and the person has not ended it."""
        return bool(self._injections) and not self.ended

    def held(self, fault: Fault) -> Fault:
        """The fault, which is prepared only when the gate is open."""
        return _Held(fault, self)

    def inject(self) -> None:
        """Open the gate."""
        self._open.set()

    def end(self) -> None:
        """Revert every fault now, last in, first out; the drill reverts it once more, without effect.

        Raises PlatformError when a revert failed; every other one has been tried.
        """
        self.ended = True
        failures: list[Exception] = []
        for injection in reversed(self._injections):
            try:
                injection.revert()
            except Exception as error:  # a fault of another package may raise anything
                failures.append(error)
        self._changed()
        if failures:
            raise failures[0]

    def prepare(self, fault: Fault, target: Target) -> Injection:
        """Wait for the person, then prepare. Raises Interrupted when the drill is stopped meanwhile."""
        if not self._open.is_set():
            self.waiting = True
            self._changed()
            self._await()
            self.waiting = False
        injection = fault.prepare(target)
        self._injections.append(injection)
        self._changed()
        return injection

    def _await(self) -> None:
        while not self._open.wait(CHECK_S):
            if self._stop.is_set():
                raise Interrupted("interrupted before the fault was injected")


@dataclass(frozen=True)
class _Held:
    """A fault behind a gate."""

    fault: Fault
    gate: FaultGate

    @property
    def text(self) -> str:
        """The fault as the bindings define it."""
        return self.fault.text

    def prepare(self, target: Target) -> Injection:
        """Wait for the gate to open, then prepare the fault."""
        return self.gate.prepare(self.fault, target)

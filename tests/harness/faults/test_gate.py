"""Faults that wait for a person."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from harness.errors import Interrupted, PlatformError
from harness.faults.base import Injection, Target
from harness.faults.gate import FaultGate
from tests.support.waiting import wait_until

TARGET = cast(Target, None)


@dataclass
class Known:
    """A fault that keeps what was done with it."""

    name: str
    done: list[str]
    error: Exception | None = None
    text: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.text = f"break {self.name}"

    def prepare(self, target: Target) -> Injection:
        self.done.append(f"prepare {self.name}")
        return Injection(f"revert {self.name}", lambda: None, self._revert)

    def _revert(self) -> None:
        self.done.append(f"revert {self.name}")
        if self.error:
            raise self.error


def preparing(gate: FaultGate, *faults: Any) -> threading.Thread:
    held = [gate.held(fault) for fault in faults]
    thread = threading.Thread(target=lambda: [each.prepare(TARGET) for each in held])
    thread.start()
    return thread


def test_a_held_fault_is_prepared_when_the_person_injects_it() -> None:
    done: list[str] = []
    gate = FaultGate(threading.Event(), lambda: None)
    thread = preparing(gate, Known("a", done), Known("b", done))
    wait_until(lambda: gate.waiting)
    assert done == []
    assert not gate.active
    gate.inject()
    thread.join()
    assert done == ["prepare a", "prepare b"]
    assert gate.active
    assert not gate.waiting


def test_the_name_of_a_held_fault_is_its_own() -> None:
    assert FaultGate(threading.Event(), lambda: None).held(Known("a", [])).text == "break a"


def test_a_stop_ends_the_wait_and_prepares_nothing() -> None:
    stop, done = threading.Event(), list[str]()
    gate = FaultGate(stop, lambda: None)
    stop.set()
    with pytest.raises(Interrupted, match="before the fault was injected"):
        gate.held(Known("a", done)).prepare(TARGET)
    assert done == []


def test_ending_reverts_every_fault_last_in_first_out_also_after_one_failed() -> None:
    done, changes = list[str](), list[bool]()
    gate = FaultGate(threading.Event(), lambda: changes.append(gate.active))
    gate.inject()
    for fault in (Known("a", done), Known("b", done, PlatformError("b is stuck"))):
        gate.held(fault).prepare(TARGET)
    with pytest.raises(PlatformError, match="b is stuck"):
        gate.end()
    assert done[2:] == ["revert b", "revert a"]
    assert changes == [True, True, False]

"""Idle processors, from counters that a test sets: what else runs on this machine does not matter."""

from __future__ import annotations

import os
from collections import namedtuple

import psutil
import pytest

from harness.machine.idle import IdleCores

Times = namedtuple("Times", "user nice idle")
LONG_S = 1e6
"""More processor time than can pass during a test: the result is then every processor."""


@pytest.mark.parametrize(
    ("own_nice", "used", "idle"),
    [
        (0, Times(0.0, 0.0, LONG_S), True),
        (0, Times(LONG_S, 0.0, 0.0), False),
        (0, Times(0.0, LONG_S, 0.0), True),
        (5, Times(0.0, LONG_S, 0.0), False),
    ],
)
def test_time_of_processes_that_yield_is_idle(
    monkeypatch: pytest.MonkeyPatch, own_nice: int, used: Times, idle: bool
) -> None:
    now = Times(0.0, 0.0, 0.0)
    monkeypatch.setattr(psutil, "cpu_times", lambda percpu: [now] * (os.cpu_count() or 1))
    monkeypatch.setattr(os, "getpriority", lambda *_: own_nice)
    cores = IdleCores()
    now = used
    assert cores.measure() == (cores.count if idle else 0)

"""Waiting with a limit."""

from __future__ import annotations

from harness.machine.waiting import wait_until


def test_wait_ends_with_the_first_true_value() -> None:
    values = iter([False, False, True])
    assert wait_until(lambda: next(values), limit_s=60.0, poll_s=0.0)


def test_condition_is_checked_once_even_without_time() -> None:
    assert wait_until(lambda: True, limit_s=0.0)
    assert not wait_until(lambda: False, limit_s=0.0)

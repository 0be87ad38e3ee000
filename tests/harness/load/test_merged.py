"""The load streams of several workers as one."""

from __future__ import annotations

from harness.load.merged import MergedCounts


def counted(t: float, *deltas: str) -> dict[str, object]:
    return {"ev": "load", "t": t, "deltas": list(deltas)}


def test_nothing_is_passed_on_before_every_worker_has_counted() -> None:
    merged = MergedCounts(2)
    assert merged.add("a", counted(5.0, "a1")) is None
    assert merged.add("a", counted(5.25, "a2")) is None
    assert merged.add("b", counted(5.0, "b1")) == counted(5.0, "a1", "a2", "b1")


def test_counts_are_complete_up_to_the_slowest_worker() -> None:
    merged = MergedCounts(2)
    merged.add("a", counted(5.0))
    merged.add("b", counted(6.0))
    assert merged.add("b", counted(7.0, "b")) == counted(5.0, "b")
    assert merged.add("a", counted(8.0, "a")) == counted(7.0, "a")


def test_a_worker_that_has_left_holds_up_no_other() -> None:
    merged = MergedCounts(3)
    merged.add("a", counted(5.0))
    merged.add("b", counted(6.0))
    merged.leave("c")
    assert merged.add("b", counted(7.0)) == counted(5.0)
    merged.leave("a")
    assert merged.add("b", counted(8.0)) == counted(8.0)

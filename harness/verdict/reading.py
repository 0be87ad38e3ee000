"""A condition held against a window of a timeline: what was its value, on how many samples, and does it hold?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.conditions.grammar import Condition, compare
from harness.verdict.histogram import quantile_ms
from harness.verdict.probed import values_of
from harness.verdict.sequential import ALPHA, MIN_SLICES_PASS, Decision, Slice, decide
from harness.verdict.timeline import Counts, Timeline


@dataclass(frozen=True)
class Reading:
    """`holds` is None while undecided; `value` is in the condition's unit (None: nothing to measure); `n` samples.

    `bad` is the fraction of arrivals that count against the condition, which is what a load condition is decided on:
    for a latency those that were too slow or failed. So a latency may have bad arrivals and no value: none was answered
    well.
    """

    holds: bool | None
    value: float | None
    n: int
    bad: float | None = None

    def to_json(self) -> dict[str, float | int | bool | None]:
        """Value and sample count, as the result's contract has them."""
        return {"value": _rounded(self.value), "samples": self.n, "bad": _rounded(self.bad), "holds": self.holds}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def read(condition: Condition, timeline: Timeline, start: int, end: int, alpha: float = ALPHA) -> Reading:
    """The condition over the seconds [start, end), decided with error `alpha`. No samples: never decided."""
    if condition.theta is not None:
        return _read_ratio(condition, timeline, start, end, alpha)
    if condition.measure.fn == "count":
        return _read_count(condition, timeline, start, end, alpha)
    return _read_probe(condition, timeline, start, end)


def _read_probe(condition: Condition, timeline: Timeline, start: int, end: int) -> Reading:
    values = values_of(condition, timeline, start, end)
    if not values:
        return Reading(None, None, 0)
    return Reading(compare(values[-1], condition.op, condition.value), values[-1], len(values))


def slices(condition: Condition, timeline: Timeline, start: int, end: int, *, pessimistic: bool) -> list[Slice]:
    """(arrivals, bad ones) by second; none where the generator fell behind.

    Without an outcome an arrival is bad to the pessimist and left out by the optimist.
    """
    return [_slice(condition, counts, pessimistic) for counts in timeline.seconds(condition.series, start, end)]


def _slice(condition: Condition, counts: Counts, pessimistic: bool) -> Slice:
    if counts.fell_behind:
        return 0, 0
    if condition.over_ms is not None:
        return _slow(condition, counts, counts.over[condition.over_ms])
    bad = counts.bad_of(condition.kinds)
    return (counts.sent, bad + counts.pending) if pessimistic else (counts.sent - counts.pending, bad)


def _slow(condition: Condition, counts: Counts, over: int) -> Slice:
    """As an objective, a failed arrival is as bad as a slow one; but that things fail is no sign that they are slow."""
    if condition.wants_low:
        return counts.sent, over
    failed = counts.bad.total()
    return counts.sent - failed, max(0, over - failed)


def _read_ratio(condition: Condition, timeline: Timeline, start: int, end: int, alpha: float) -> Reading:
    view = _View(condition, timeline, start, end, alpha)
    hopeful = decide(view.hopeful, condition.theta or 0.0, alpha)
    value = _ratio_value(condition, timeline, start, end, hopeful)
    return Reading(view.holds_since(start), value, hopeful.n, hopeful.fraction)


class _View:
    """The slices of a load condition over [start, end), read once, so that every later start is cheap to try."""

    def __init__(self, condition: Condition, timeline: Timeline, start: int, end: int, alpha: float = ALPHA) -> None:
        self._condition, self._start, self._alpha = condition, start, alpha
        self.hopeful = slices(condition, timeline, start, end, pessimistic=False)
        self.careful = slices(condition, timeline, start, end, pessimistic=True)

    def holds_since(self, since: int) -> bool | None:
        """Low is believed only of the pessimist's counts, high only of the optimist's."""
        at = since - self._start
        if self._condition.measure.fn == "count":
            return _count_holds(self._condition, self.hopeful[at:], self._alpha)
        theta = self._condition.theta or 0.0
        if decide(self.hopeful[at:], theta, self._alpha).low is False:
            return not self._condition.wants_low
        return self._condition.wants_low if decide(self.careful[at:], theta, self._alpha).low else None


def _ratio_value(condition: Condition, timeline: Timeline, start: int, end: int, decision: Decision) -> float | None:
    if condition.measure.fn == "p":
        total = timeline.total(condition.series, start, end)
        return quantile_ms(total.hist, 1 - (condition.theta or 0.0))
    if decision.fraction is None or not condition.text.startswith("availability"):
        return decision.fraction
    return 1 - decision.fraction


def _read_count(condition: Condition, timeline: Timeline, start: int, end: int, alpha: float) -> Reading:
    per_second = slices(condition, timeline, start, end, pessimistic=False)
    n, bad = sum(count for count, _ in per_second), sum(hits for _, hits in per_second)
    return Reading(_count_holds(condition, per_second, alpha), float(bad) if n else None, n, bad / n if n else None)


def _count_holds(condition: Condition, per_second: Sequence[Slice], alpha: float) -> bool | None:
    """An absolute number of bad events: one event can decide it, none only after enough arrivals."""
    bad = sum(hits for _, hits in per_second)
    if bad == 0 and decide(per_second, 0.0, alpha).low is None:
        return None
    return compare(bad, condition.op, condition.value)


def holds_now(condition: Condition, timeline: Timeline, start: int, end: int) -> bool:
    """Does the condition hold at `end`, since any second >= `start`?

    For load conditions every start of the window is tried, so that a long healthy past does not hide a new incident.
    """
    if not condition.measure.is_load:
        return bool(read(condition, timeline, start, end).holds)
    view = _View(condition, timeline, start, end)
    return any(view.holds_since(since) for since in range(start, end))


def broken_now(condition: Condition, timeline: Timeline, start: int, end: int) -> bool:
    """Is the condition known not to hold at `end`, since some second >= `start`?"""
    if not condition.measure.is_load:
        return read(condition, timeline, start, end).holds is False
    view = _View(condition, timeline, start, end)
    return any(view.holds_since(since) is False for since in range(start, end))


def holds_since(
    conditions: Sequence[Condition], timeline: Timeline, start: int, end: int, alpha: float = ALPHA
) -> int | None:
    """The earliest second from which on all conditions hold, decided, until `end`; None while there is none."""
    views = [_View(condition, timeline, start, end, alpha) for condition in conditions if condition.measure.is_load]
    probes = [condition for condition in conditions if not condition.measure.is_load]
    for since in range(start, end - MIN_SLICES_PASS + 1):
        load_holds = all(view.holds_since(since) for view in views)
        if load_holds and all(_held_throughout(probe, timeline, since, end) for probe in probes):
            return since
    return None


def _held_throughout(probe: Condition, timeline: Timeline, start: int, end: int) -> bool:
    """Every look at the service found the condition true, and there were enough of them."""
    values = values_of(probe, timeline, start, end)
    return len(values) >= MIN_SLICES_PASS - 1 and all(compare(value, probe.op, probe.value) for value in values)

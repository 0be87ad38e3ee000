"""Values of the measures that are read off the services once a second."""

from __future__ import annotations

from harness.conditions.grammar import Condition
from harness.verdict.timeline import Pods, Timeline

Sample = tuple[float, Pods]
WINDOW = 5
"""A rate or a ratio speaks of so many samples."""


def values_of(condition: Condition, timeline: Timeline, start: float, end: float) -> list[float]:
    """One value per sample in [start, end] (none for the first one of something that counts up)."""
    measure = condition.measure
    if measure.fn == "ratio":
        above, below = (_growth(timeline.samples(part.key, start, end)) for part in measure.sampled)
        return _ratios(dict(above), below)
    samples = timeline.samples(measure.key, start, end)
    if measure.fn in ("metric", "quantile"):
        return [_combine(measure.fn, pods) for _, pods in samples if pods]
    if measure.fn in ("health", "breaker"):
        return [max(pods.values(), default=1.0 if measure.fn == "health" else 0.0) for _, pods in samples]
    growth = _growth(samples)
    if measure.fn in ("rate", "log_rate"):
        return [_rate(growth, index) for index in range(1, len(growth))]
    return [total for _, total in growth]


def _combine(fn: str, pods: Pods) -> float:
    return max(pods.values()) if fn == "quantile" else sum(pods.values())


def _growth(samples: list[Sample]) -> list[tuple[float, float]]:
    """Growth of counters since the first sample, pod by pod; a pod that comes later, or restarts, counts from zero."""
    last: dict[str, float] = {}
    total, found = 0.0, []
    for number, (at, pods) in enumerate(samples):
        for pod, value in pods.items():
            before = last.get(pod, value if number == 0 else 0.0)
            total += value - before if value >= before else value
        last.update(pods)
        found.append((at, total))
    return found


def _rate(growth: list[tuple[float, float]], index: int) -> float:
    """Per second, over the last samples."""
    (from_s, low), (to_s, high) = growth[max(0, index - WINDOW)], growth[index]
    return (high - low) / (to_s - from_s) if to_s > from_s else 0.0


def _ratios(above: dict[float, float], below: list[tuple[float, float]]) -> list[float]:
    """Growth of one counter for each of the other, over the last samples; none while the other does not grow."""
    common = [(above[at], growth) for at, growth in below if at in above]
    ratios = []
    for index in range(1, len(common)):
        (a0, b0), (a1, b1) = common[max(0, index - WINDOW)], common[index]
        if b1 > b0:
            ratios.append((a1 - a0) / (b1 - b0))
    return ratios

"""Growth of counters that are sampled pod by pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Pods = Mapping[str, float]
"""A number by pod."""
PodSample = tuple[float, Pods]
"""Time in seconds since the epoch, and the numbers at this time."""
RATE_SAMPLES = 5
"""A rate or a ratio is taken over so many samples."""


def growth(samples: Sequence[PodSample]) -> list[tuple[float, float]]:
    """(time, growth of a counter since the first sample), summed over the pods.

    A pod that appears later, or restarts, counts from zero.
    """
    last: dict[str, float] = {}
    total, found = 0.0, []
    for number, (at, pods) in enumerate(samples):
        for pod, value in pods.items():
            before = last.get(pod, value if number == 0 else 0.0)
            total += value - before if value >= before else value
        last.update(pods)
        found.append((at, total))
    return found


def rates(samples: Sequence[PodSample]) -> list[float]:
    """Growth of a counter per second over the last RATE_SAMPLES samples, from the second sample on."""
    grown = growth(samples)
    return [_rate(grown[max(0, index - RATE_SAMPLES)], grown[index]) for index in range(1, len(grown))]


def _rate(first: tuple[float, float], last: tuple[float, float]) -> float:
    seconds = last[0] - first[0]
    return (last[1] - first[1]) / seconds if seconds > 0 else 0.0

"""Growth of counters that are sampled pod by pod.

A pod that appears later, or restarts, counts from zero. While a pod does not answer, and after it is gone, its last
known value stands. So growth is never negative, and never more than the number of events.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from harness.measures.reading import PodSample, Reading

RATE_SAMPLES = 5
"""A rate or a ratio is taken over so many samples."""


class Growth(NamedTuple):
    """Growth of a counter since the first sample, summed over the pods; `complete`: every running pod answered."""

    at_s: float
    total: float
    complete: bool


def growth(samples: Sequence[PodSample]) -> list[Growth]:
    """The growth until each sample. The first value of a pod that was missing in the first sample starts its growth."""
    unknown = set(samples[0].missing | samples[0].pods.keys()) if samples else set()
    last: dict[str, float] = {}
    total, found = 0.0, []
    for sample in samples:
        for pod, value in sample.pods.items():
            before = last.get(pod, value if pod in unknown else 0.0)
            total += value - before if value >= before else value
        last.update(sample.pods)
        unknown &= sample.missing
        found.append(Growth(sample.at_s, total, not sample.missing))
    return found


def increases(samples: Sequence[PodSample]) -> list[Reading]:
    """The growth until each sample, as values of a measure."""
    return [Reading(each.at_s, each.total, at_least=not each.complete) for each in growth(samples)]


def rates(samples: Sequence[PodSample]) -> list[Reading]:
    """Growth per second over the last RATE_SAMPLES samples, from the second sample on."""
    grown = growth(samples)
    complete = [each.complete for each in grown]
    return [_rate(grown, base_of(complete, index), index) for index in range(1, len(grown))]


def base_of(complete: Sequence[bool], index: int) -> int | None:
    """Index of the sample from which a rate until `index` counts; None: no sample before it is complete.

    RATE_SAMPLES before it, or the nearest complete one: a pod that answers again adds what it counted since then.
    """
    wanted = max(0, index - RATE_SAMPLES)
    candidates = chain(range(wanted, -1, -1), range(wanted + 1, index))
    return next((base for base in candidates if complete[base]), None)


def _rate(grown: Sequence[Growth], base: int | None, index: int) -> Reading:
    last = grown[index]
    if base is None or last.at_s <= grown[base].at_s:
        return Reading(last.at_s, None)
    per_s = (last.total - grown[base].total) / (last.at_s - grown[base].at_s)
    return Reading(last.at_s, per_s, at_least=not last.complete)

"""Detection delay of the restarted e-CUSUM at the start and end of an incident, and its rate of false recoveries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from statistics import median

from benchmarks.processes import PROCESSES, slices_of
from harness.stats.eprocess import log_evidence, restart
from harness.stats.inflation import ENOUGH_S, UNKNOWN, Slice, VifEstimate, inflation
from harness.stats.sequential import SLICE_S, TestParameters, decided_from

BEFORE_S, AFTER_S, RECOVERY_S = 20.0, 60.0, 75.0
WELL, MISSED = 0.01, 0.30
SETTLED = 1000
"""Requests before a change."""


@dataclass(frozen=True)
class Change:
    """Figures of one process: median seconds from a change to its detection, and the share of runs with a false
    recovery, of a service exactly at the objective and of one that is bad twice as often."""

    process: str
    onset_s: float
    recovery_s: float
    false_at_theta: float
    false_at_twice: float


def requests_to_see(before: float, after: float, theta: float, alpha: float, runs: int) -> float:
    """Return the median number of independent requests from a change to its detection, tested one by one, VIF 1."""
    return median(_requests(before, after, theta, alpha, Random(f"{before} {after} {run}")) for run in range(runs))


def _requests(before: float, after: float, theta: float, alpha: float, rng: Random) -> int:
    n = bad = 0.0
    for number in count(-SETTLED):
        worse = rng.random() < (before if number < 0 else after)
        n, bad = n + 1, bad + worse
        evidence = log_evidence(theta, n, bad, below=after < before)
        if evidence >= TestParameters(alpha).needed(below=True) and number >= 0:
            return number + 1
        if evidence < 0:
            n = bad = 0.0
    raise AssertionError("every change is detected eventually")


def change_of(process: str, theta: float, alpha: float, rate: float, runs: int) -> Change:
    """Return the delays of a process, and its false recoveries within 75 s."""
    onsets, recoveries, false = [], [], [0, 0]
    for run in range(runs):
        rng = Random(f"{process} {rate} {run}")
        known = _known(process, rate, rng)
        onsets.append(_delay(process, (WELL, MISSED), theta, TestParameters(alpha, known, alarm=True), rate, rng))
        recoveries.append(_delay(process, (MISSED, WELL), theta, TestParameters(alpha, known), rate, rng))
        for number, truth in enumerate((theta, 2 * theta)):
            still = slices_of(PROCESSES[process], truth, rate, RECOVERY_S, rng)
            false[number] += _seen(still, 0, theta, TestParameters(alpha, known), low=True) is not None
    return Change(process, median(onsets), median(recoveries), false[0] / runs, false[1] / runs)


def _known(process: str, rate: float, rng: Random) -> VifEstimate:
    known = UNKNOWN
    for _ in range(4):
        known = known.also(inflation(slices_of(PROCESSES[process], WELL, rate, ENOUGH_S / 4, rng)), ENOUGH_S / 4)
    return known


def _delay(
    process: str, truths: tuple[float, float], theta: float, parameters: TestParameters, rate: float, rng: Random
) -> float:
    before, after = truths
    slices = slices_of(PROCESSES[process], before, rate, BEFORE_S, rng)
    changed = len(slices)
    slices += slices_of(PROCESSES[process], after, rate, AFTER_S, rng)
    seen = _seen(slices, changed, theta, parameters, low=after < before)
    return AFTER_S if seen is None else (seen - changed) * SLICE_S


def _seen(slices: Sequence[Slice], begin: int, theta: float, parameters: TestParameters, *, low: bool) -> int | None:
    """The number of slices after which it is seen, at the earliest with `begin` of them, as the judge looks for it."""
    for end in range(begin + 1, len(slices) + 1):
        start = restart(theta, [(piece.n, piece.bad) for piece in slices[:end]], below=low)
        window = slices[start:end]
        if decided_from(window, theta, parameters, below=low) is not None:
            return end
    return None

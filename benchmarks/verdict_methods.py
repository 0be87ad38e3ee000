"""Methods of deciding "at most 5 % are bad": ours, a fixed window as in other tools, and two naive controls.

Each method processes a run slice by slice and returns its decision and the seconds that it took.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from random import Random

from benchmarks.processes import PROCESSES, slices_of
from harness.stats.eprocess import log_evidence
from harness.stats.inflation import ENOUGH_S, UNKNOWN, Slice, inflation
from harness.stats.sequential import MIN_S, SLICE_S, TestParameters, decided_from

THETA, ALPHA, WINDOW_S = 0.05, 0.01, 60.0
EARLIER_RUNS, EARLIER_P = 4, 0.01
PEEK_S = 2.0
COLD, WARM, RAW, PEEK, FIXED = "ours", "ours, warm", "no VIF", "first breach", "60-s window"


@dataclass(frozen=True)
class Decision:
    """Decision of one method on one run: low (True), high (False) or undecided (None), and the seconds it took."""

    low: bool | None
    seconds: float


@dataclass(frozen=True)
class Case:
    """Many runs of one process at one true fraction `p`; `margin` multiplies every VIF, 1 in the product."""

    process: str
    p: float
    runs: int
    rate: float
    margin: float


Method = Callable[[Sequence[Slice], Case, Random], Decision]


def ours(slices: Sequence[Slice], case: Case, rng: Random) -> Decision:
    """Decide as the product does on the first run of a scenario."""
    return _sequential(slices, TestParameters(ALPHA), case.margin)


def ours_warm(slices: Sequence[Slice], case: Case, rng: Random) -> Decision:
    """Decide as the product does when it knows the VIF from earlier, healthy runs of the same process."""
    known = UNKNOWN
    for _ in range(EARLIER_RUNS):
        earlier = slices_of(PROCESSES[case.process], EARLIER_P, case.rate, ENOUGH_S / EARLIER_RUNS, rng)
        known = known.also(inflation(earlier) * case.margin, ENOUGH_S / EARLIER_RUNS)
    return _sequential(slices, TestParameters(ALPHA, known), case.margin)


def _sequential(slices: Sequence[Slice], parameters: TestParameters, margin: float) -> Decision:
    """Test after every slice, as the judge does."""
    for end in range(round(parameters.min_s / SLICE_S), len(slices) + 1):
        low = _judged(slices[:end], parameters) if margin == 1 else _weakened(slices[:end], parameters, margin)
        if low is not None:
            return Decision(low, end * SLICE_S)
    return Decision(None, WINDOW_S)


def _judged(slices: Sequence[Slice], parameters: TestParameters) -> bool | None:
    sides = (side for side in (True, False) if decided_from(slices, THETA, parameters, below=side) is not None)
    return next(sides, None)


def _weakened(slices: Sequence[Slice], parameters: TestParameters, margin: float) -> bool | None:
    """Return the product's decision with a VIF that is wrong on purpose."""
    vif = max(inflation(slices) * margin, parameters.known.vif)
    return _raw(sum(piece.n for piece in slices) / vif, sum(piece.bad for piece in slices) / vif)


def _raw(n: float, bad: float) -> bool | None:
    needed = TestParameters(ALPHA).needed(below=True)
    answers = (side for side in (True, False) if n and log_evidence(THETA, n, bad, below=side) >= needed)
    return next(answers, None)


def _cumulated(slices: Sequence[Slice]) -> tuple[list[int], list[int]]:
    return list(accumulate(piece.n for piece in slices)), list(accumulate(piece.bad for piece in slices))


def no_vif(slices: Sequence[Slice], case: Case, rng: Random) -> Decision:
    """Naive control: decide by the same test as if requests were independent."""
    n, bad = _cumulated(slices)
    for end in range(round(MIN_S / SLICE_S), len(slices) + 1):
        low = _raw(n[end - 1], bad[end - 1])
        if low is not None:
            return Decision(low, end * SLICE_S)
    return Decision(None, WINDOW_S)


def first_breach(slices: Sequence[Slice], case: Case, rng: Random) -> Decision:
    """Naive control, as k6 with abortOnFail: decide "high" at the first of the checks every 2 s that is above θ."""
    n, bad = _cumulated(slices)
    step = round(PEEK_S / SLICE_S)
    for end in range(step, len(slices) + 1, step):
        if bad[end - 1] > THETA * n[end - 1]:
            return Decision(False, end * SLICE_S)
    return Decision(True, WINDOW_S)


def fixed_window(slices: Sequence[Slice], case: Case, rng: Random) -> Decision:
    """Peer: compare one percentile of 60 s with the limit."""
    n, bad = _cumulated(slices)
    return Decision(bad[-1] <= THETA * n[-1], WINDOW_S)


METHODS: Mapping[str, Method] = {
    COLD: ours, WARM: ours_warm, FIXED: fixed_window, RAW: no_vif, PEEK: first_breach,
}  # fmt: skip

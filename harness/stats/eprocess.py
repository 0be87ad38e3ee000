"""E-process: evidence that the fraction of bad arrivals is below, or above, an allowed fraction θ.

With n arrivals of which S are bad, E(n, S) = Σ w_q (q/θ)^S ((1−q)/(1−θ))^(n−S) over alternatives q on one side of θ,
with weights w_q that sum to 1. While the fraction is θ, or on the other side of it, the probability that E ever reaches
1/α is at most α (Ville's inequality). So the evidence may be evaluated after every arrival.

Sources: Wald, Annals of Mathematical Statistics 16(2) 1945; Robbins, ibid. 41(5) 1970; Howard, Ramdas et al., Annals
of Statistics 49(2) 2021; Lindon et al., arXiv:2205.14762.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Sequence
from functools import lru_cache

_BELOW = (0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9)
"""Alternatives below θ, as multiples of it, in addition to q = 0."""
_WEIGHT_OF_ZERO = 0.5
"""Weight of q = 0, because most services have no bad arrivals at all; the others share the rest equally."""
_LOG_OF_ZERO, _LOG_OF_OTHERS = math.log(_WEIGHT_OF_ZERO), math.log((1 - _WEIGHT_OF_ZERO) / len(_BELOW))
_ABOVE = (1.1, 1.25, 1.6, 2.0, 3.0, 5.0)
"""Alternatives above θ, as multiples of it."""
_ABOVE_ABSOLUTE = (0.5, 0.9)
"""Alternatives above θ that do not depend on it."""
RARE = 0.1
"""A share of none cannot be proven: it is accepted when no bad arrival is evidence for a share below this one."""
_Alternative = tuple[float, float, float]
"""log w_q, and what one bad and one good arrival add to the logarithm of the likelihood ratio of q."""


def log_evidence(theta: float, n: float, bad: float, *, below: bool) -> float:
    """log E(n, bad): evidence that the fraction of bad arrivals is below θ, or above it if not `below`.

    0 <= θ <= 1 and 0 <= bad <= n. The counts may be fractions: deflated ones. Natural logarithm; 0 without arrivals.
    """
    good = n - bad
    if theta in (0, 1):
        return _extreme_evidence(n, other=good if theta else bad, alike=below != bool(theta))
    if bad <= 0:  # q = 0 has log(q/θ) = −∞, and 0 · −∞ is 0 here
        return _log_sum_exp([weight + good * gain for weight, _, gain in _alternatives(theta, below)])
    return _log_sum_exp([weight + bad * loss + good * gain for weight, loss, gain in _alternatives(theta, below)])


def _extreme_evidence(n: float, *, other: float, alike: bool) -> float:
    """Evidence for "all arrivals are alike" (θ = 0: good, θ = 1: bad), or against it if not `alike`.

    One `other` arrival is proof against it. Without any it is tested as "less than a share RARE are others".
    """
    if n <= 0:
        return 0.0
    if alike:
        return -math.inf if other else -n * math.log1p(-RARE)
    return math.inf if other else -math.inf


@lru_cache(maxsize=1024)
def _alternatives(theta: float, below: bool) -> tuple[_Alternative, ...]:
    log_good = math.log1p(-theta)
    return tuple(
        (log_weight, _log(q / theta), math.log1p(-q) - log_good)
        for q, log_weight in (_weights_below(theta) if below else _weights_above(theta))
    )


def _weights_below(theta: float) -> list[tuple[float, float]]:
    """(alternative, log of its weight)."""
    return [(0.0, _LOG_OF_ZERO), *((theta * factor, _LOG_OF_OTHERS) for factor in _BELOW)]


def _weights_above(theta: float) -> list[tuple[float, float]]:
    above = [theta * factor for factor in _ABOVE if theta * factor < 1] + [q for q in _ABOVE_ABSOLUTE if q > theta]
    above = above or [(1 + theta) / 2]
    log_weight = math.log(1 / len(above))
    return [(q, log_weight) for q in above]


def _log(x: float) -> float:
    return math.log(x) if x > 0 else -math.inf


def _log_sum_exp(values: Sequence[float]) -> float:
    top = max(values)
    return top if top == -math.inf else top + math.log(sum([math.exp(value - top) for value in values]))


def restart(theta: float, counts: Sequence[tuple[float, ...]], *, below: bool) -> int:
    """Index of the first entry of (n, bad, …) that counts as evidence, by the e-CUSUM; len(counts) for none.

    Each alternative q has a CUSUM of its own: whenever its likelihood ratio falls to 1, it begins again with the next
    entry. The start is that of the alternative with the most evidence, weights included. While the claim is false, the
    evidence since the start reaches 1/α once in 1/α entries on average, or less often. Source: Shin, Ramdas and
    Rinaldo, "E-detectors", arXiv:2203.03532, mixtures of e-CUSUMs.
    """
    if theta in (0, 1):
        return _extreme_restart(theta, counts, below=below)
    cusums = Cusums(theta, below=below)
    cusums.extend(counts)
    return cusums.restart(len(counts))


class Cusums:
    """The CUSUMs of all alternatives to 0 < θ < 1 over entries of (n, bad, …), in the state after each of them."""

    def __init__(self, theta: float, *, below: bool) -> None:
        self._each = [(weight, _Cusum(loss, gain)) for weight, loss, gain in _alternatives(theta, below)]

    def __len__(self) -> int:
        """The number of entries taken."""
        return len(self._each[0][1].evidence) - 1

    def extend(self, counts: Iterable[tuple[float, ...]]) -> None:
        """Take the next entries."""
        fresh = [(entry[0] - entry[1], entry[1]) for entry in counts]
        for _, cusum in self._each:
            cusum.extend(fresh)

    def forget(self, index: int) -> None:
        """Drop the entries from this index on."""
        for _, cusum in self._each:
            del cusum.evidence[index + 1 :], cusum.start[index + 1 :]

    def restart(self, count: int) -> int:
        """As the function `restart`, over the first `count` of the entries."""
        _, most = max(self._each, key=lambda each: each[0] + each[1].evidence[count])
        return most.start[count] if most.evidence[count] > 0 else count

    def ceiling(self, count: int) -> float:
        """An upper limit of the evidence of every stretch that ends after `count` entries: that of no weights."""
        return max(cusum.evidence[count] for _, cusum in self._each)


class _Cusum:
    """After each entry, the logarithm of the likelihood ratio of one alternative since it last fell to 1, and the index
    of this start."""

    def __init__(self, loss: float, gain: float) -> None:
        self._loss, self._gain = loss, gain
        self.evidence, self.start = array("d", [0.0]), array("L", [0])

    def extend(self, counts: Iterable[tuple[float, float]]) -> None:
        """Take entries of (good, bad)."""
        loss, gain, evidence, start = self._loss, self._gain, self.evidence[-1], self.start[-1]
        for index, (good, bad) in enumerate(counts, len(self.start)):
            evidence += good * gain + (bad * loss if bad else 0.0)  # 0 bad ones add nothing, also if loss is −∞
            if evidence <= 0:
                evidence, start = 0.0, index
            self.evidence.append(evidence)
            self.start.append(start)


def _extreme_restart(theta: float, counts: Sequence[tuple[float, ...]], *, below: bool) -> int:
    """The same for "all arrivals are alike" and its opposite: the evidence of both is that of one alternative."""
    start, n, bad = 0, 0.0, 0.0
    for index, entry in enumerate(counts):
        n, bad = n + entry[0], bad + entry[1]
        if n and log_evidence(theta, n, bad, below=below) < 0:
            start, n, bad = index + 1, 0.0, 0.0
    return start

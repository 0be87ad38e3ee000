"""Simulated arrivals with a known bad fraction: independent, from queues, and in bursts, with fixed seeds.

In a queue an arrival is bad when its sojourn time exceeds the limit that a fraction p exceeds in the long run:
M/M/1 has exponential sojourns, M/M/c those of Gross and Harris, Fundamentals of Queueing Theory, ch. 2 (Erlang C).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterator, Mapping
from random import Random

from harness.stats.inflation import Slice
from harness.stats.sequential import SLICE_S

WARM_UP_S = 10.0
_Arrival = tuple[float, float, bool]
"""Due time in s, latency, and whether it is bad."""
Process = Callable[[float, float, float, Random], Iterator[_Arrival]]
"""Yields arrivals for a bad fraction, arrivals per second, a duration in s and a random generator."""


def _due(rate: float, seconds: float, rng: Random) -> Iterator[float]:
    at = rng.expovariate(rate)
    while at < seconds:
        yield at
        at += rng.expovariate(rate)


def independent(p: float, rate: float, seconds: float, rng: Random) -> Iterator[_Arrival]:
    """Yield arrivals that are bad independently of each other; a bad one takes five times as long."""
    for at in _due(rate, seconds, rng):
        bad = rng.random() < p
        yield at, rng.lognormvariate(0, 0.5) * (5 if bad else 1), bad


def bursts(length_s: float) -> Process:
    """Return a process in which periods of `length_s` are bad or good as a whole."""

    def process(p: float, rate: float, seconds: float, rng: Random) -> Iterator[_Arrival]:
        ends, bad = 0.0, False
        for at in _due(rate, seconds, rng):
            while at >= ends:
                ends, bad = ends + length_s, rng.random() < p
            yield at, rng.lognormvariate(0, 0.5) * (5 if bad else 1), bad

    return process


def queue(servers: int, load: float) -> Process:
    """Return an M/M/c queue at utilisation `load`, first come first served, in its stationary state from the start."""

    def process(p: float, rate: float, seconds: float, rng: Random) -> Iterator[_Arrival]:
        service = rate / (servers * load)
        limit = sojourn_limit(servers, rate, service, p)
        free = [-math.inf] * servers
        for at in _due(rate, seconds + WARM_UP_S, rng):
            done = max(at, free[0]) + rng.expovariate(service)
            heapq.heapreplace(free, done)
            if at >= WARM_UP_S:
                yield at - WARM_UP_S, done - at, done - at > limit

    return process


def sojourn_limit(servers: int, rate: float, service: float, p: float) -> float:
    """Return the sojourn time in s that a fraction p exceeds, at `service` services/s per server, by bisection."""
    low, high = 0.0, 1.0 / service
    while _sojourn_tail(servers, rate, service, high) > p:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _sojourn_tail(servers, rate, service, middle) > p else (low, middle)
    return high


def _sojourn_tail(servers: int, rate: float, service: float, t: float) -> float:
    """P(sojourn > t) = (1 − C) e^(−μt) + C P(wait and service > t), with Erlang's C."""
    spare = servers * service - rate
    waits, alone = _erlang_c(servers, rate / service), math.exp(-service * t)
    if math.isclose(spare, service):
        return (1 - waits) * alone + waits * (1 + service * t) * alone
    both = (spare * alone - service * math.exp(-spare * t)) / (spare - service)
    return (1 - waits) * alone + waits * both


def _erlang_c(servers: int, offered: float) -> float:
    last = offered**servers / math.factorial(servers) * servers / (servers - offered)
    return last / (sum(offered**k / math.factorial(k) for k in range(servers)) + last)


PROCESSES: Mapping[str, Process] = {
    "independent": independent,
    "M/M/8 at .6": queue(8, 0.6),
    "M/M/1 at .3": queue(1, 0.3),
    "M/M/1 at .6": queue(1, 0.6),
    "bursts .1 s": bursts(0.1),
}


def slices_of(process: Process, p: float, rate: float, seconds: float, rng: Random) -> list[Slice]:
    """Return the arrivals of a process as the slices that a judge gets."""
    n = [0] * round(seconds / SLICE_S)
    bad, sums, squares = n.copy(), [0.0] * len(n), [0.0] * len(n)
    for at, latency, is_bad in process(p, rate, seconds, rng):
        number, log = min(int(at / SLICE_S), len(n) - 1), math.log(latency)
        n[number] += 1
        bad[number] += is_bad
        sums[number] += log
        squares[number] += log * log
    return [Slice(*each) for each in zip(n, bad, n, sums, squares, strict=True)]

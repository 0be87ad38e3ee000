"""Baselines: which runs may be pinned as one, and why others may not. Pure.

A baseline is a fixed set of runs. No run joins it later, so that slow changes cannot hide in it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from harness.history.profile import Measured, Profile

LEAST_RUNS, MOST_RUNS = 10, 20
LEAST_ARRIVALS = 200
"""P95 of fewer is decided by fewer than ten arrivals."""
_WIDE = 0.9
"""A run with less than this share of the median number of arrivals is narrower than the others."""
_CHANCE = 3.0
"""Standard deviations: counts of open arrivals differ by chance, like those of a Poisson process."""


@dataclass(frozen=True)
class Baseline:
    """Pinned runs with the same profile, newest first. `pinned_s`: when, in seconds since the epoch."""

    profile: Profile
    runs: tuple[Measured, ...]
    pinned_s: float

    @property
    def numbers(self) -> frozenset[int]:
        """Numbers of its runs."""
        return frozenset(each.run.number for each in self.runs)

    @property
    def window_s(self) -> int:
        """The shortest of its runs' steady windows, in seconds."""
        return min(each.load.window_s for each in self.runs)

    @property
    def arrivals(self) -> int:
        """The smallest number of arrivals in its runs' steady windows."""
        return min(each.load.arrivals for each in self.runs)


def narrower(each: Measured, baseline: Baseline) -> str:
    """Why a run has fewer samples than every run of a baseline, beyond chance; empty: it has not."""
    if each.load.window_s < baseline.window_s:
        return f"a steady window of {each.load.window_s} s, and the baseline's have {baseline.window_s} s or more"
    if each.load.arrivals < baseline.arrivals - _CHANCE * math.sqrt(baseline.arrivals):
        return f"{each.load.arrivals} arrivals, and the baseline's runs have {baseline.arrivals} or more"
    return ""


def unfit(each: Measured) -> str:
    """Why a run cannot be part of any baseline; empty: it can."""
    load = each.load
    if load.fell_behind:
        return f"the load fell behind: {load.late} of {load.arrivals} arrivals were late"
    if not load.steady:
        return "the SLOs did not hold before the fault"
    if load.arrivals < LEAST_ARRIVALS:
        return f"{load.arrivals} arrivals in its steady window, fewer than {LEAST_ARRIVALS}"
    if each.quantile is None:
        return f"no P95: {load.bad} of {load.arrivals} arrivals were bad"
    return ""


@dataclass(frozen=True)
class Refusal:
    """A run that cannot be pinned, and why."""

    each: Measured
    why: str


@dataclass(frozen=True)
class Choice:
    """The runs to pin, newest first, and those that were left out; `why`: why nothing can be pinned, or empty."""

    profile: Profile
    runs: tuple[Measured, ...]
    refused: tuple[Refusal, ...]
    why: str = ""


def choose(candidates: Sequence[Measured], standing: Baseline | None) -> Choice:
    """The newest runs that can be pinned, of candidates with the same profile, newest first.

    `standing`: the baseline with this profile that is pinned now; a new one must not be narrower.
    """
    profile = candidates[0].profile
    refused = [Refusal(each, why) for each in candidates if (why := unfit(each))]
    fit = [each for each in candidates if not unfit(each)]
    referenced = fit[0].referenced if fit else False
    usual = median(each.load.arrivals for each in fit) if fit else 0
    for each in fit:
        if each.referenced is not referenced:
            found = "no reference was measured" if referenced else "a reference was measured"
            refused.append(Refusal(each, f"{found}, unlike in the newest run"))
        elif why := _too_narrow(each, usual, standing):
            refused.append(Refusal(each, why))
    out = {refusal.each.run.number for refusal in refused}
    runs = tuple(each for each in fit if each.run.number not in out)[:MOST_RUNS]
    why = "" if len(runs) >= LEAST_RUNS else f"{len(runs)} runs can be pinned, and a baseline needs {LEAST_RUNS}"
    return Choice(profile, runs, tuple(refused), why)


def _too_narrow(each: Measured, usual: float, standing: Baseline | None) -> str:
    if each.load.arrivals < _WIDE * usual:
        return f"narrower than the others: {each.load.arrivals} arrivals, and their median is {usual:g}"
    found = narrower(each, standing) if standing else ""
    return f"narrower than the pinned baseline: {found}" if found else ""

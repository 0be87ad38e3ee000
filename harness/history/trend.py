"""Changes of P95 over the runs of a history, by Apache Otava (the extra [trend]). A report, and no gate.

Otava splits a series where its parts differ most and tests each split with a t-test: Fleming et al., "Hunter", ICPE
2023; Matteson and James, JASA 109, 2014. The test takes runs as independent, and Otava's standard deviations are those
of a population, so that short histories give too small p-values. FALSE_ALARMS is what this comes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import MachineError
from harness.history.profile import Measured, Profile

LEAST_RUNS = 10
P = 0.001
"""Largest p-value of a change."""
FALSE_ALARMS = (
    "without any change, 3 % of histories of 30 independent runs have a change point, and 9 % of 100; "
    "42 % and 81 % where the noise of a run lasts (correlation 0.6)"
)
"""Simulated: 150 histories each, ±15 % of noise, Otava 0.8.0."""


@dataclass(frozen=True)
class ChangePoint:
    """A change of the mean P95 between two runs, with the p-value that Otava gives it."""

    first: Measured
    """The first run after the change."""
    before_ms: float
    after_ms: float
    p: float


@dataclass(frozen=True)
class Trend:
    """The runs with one profile, oldest first, and the changes in them."""

    profile: Profile
    runs: tuple[Measured, ...]
    changes: tuple[ChangePoint, ...]


def trend_of(newest_first: Sequence[Measured]) -> Trend:
    """The changes in runs with the same profile. Runs whose load fell behind, or without P95, are left out.

    Fewer than LEAST_RUNS have none. Raises MachineError without Otava.
    """
    usable = [each for each in reversed(newest_first) if each.quantile is not None and not each.load.fell_behind]
    found = _change_points([each.point.p95 for each in usable]) if len(usable) >= LEAST_RUNS else []
    changes = tuple(ChangePoint(usable[index], *figures) for index, *figures in found)
    return Trend(newest_first[0].profile, tuple(usable), changes)


def _change_points(values: Sequence[float]) -> list[tuple[int, float, float, float]]:
    """Index of the first value after each change, the means before and after it, and its p-value."""
    try:
        from otava.analysis import compute_change_points  # noqa: PLC0415  an extra, with numpy and scipy
    except ImportError:
        fact = "gameday trend needs Apache Otava, which is not installed"
        raise MachineError(f"{fact}; `pip install 'runbook-gameday[trend]'`") from None
    found, _ = compute_change_points(list(values), max_pvalue=P)
    return [
        (each.index, float(each.stats.mean_1), float(each.stats.mean_2), float(each.stats.pvalue)) for each in found
    ]

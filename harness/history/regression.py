"""Whether P95 of a run is higher than a pinned baseline explains. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from harness.history.baseline import Baseline, narrower
from harness.history.profile import Measured
from harness.stats.prediction import Prediction, predict

ALPHA = 0.01
"""Probability of an alarm without a change, shared by the scenarios that are judged together."""
RERUNS = 3
"""An alarm is confirmed, or not, by the mean of the run and so many more."""
_SAME_RATE = 0.1
"""Measured rates that differ by no more are the same."""
_SPEED = 1.5
"""Factor beyond the references of the baseline within which the machine's speed can be accounted for."""


class Outcome(StrEnum):
    """`regressed` P95 is higher than chance explains; `not comparable`: nothing was judged."""

    REGRESSED = "regressed"
    NO_ALARM = "no regression found"
    NOT_COMPARABLE = "not comparable"


@dataclass(frozen=True)
class Judgement:
    """One scenario of a run compared with its baseline. `runs`: the judged one, and its re-runs.

    `first`: the prediction of the judged run alone, where `prediction` is that of the mean of several.
    """

    outcome: Outcome
    runs: tuple[Measured, ...]
    baseline: Baseline | None
    reasons: tuple[str, ...] = ()
    prediction: Prediction | None = None
    first: Prediction | None = None
    alpha: float = ALPHA


class Case:
    """One scenario of a run: the judged run, its re-runs, and what the mean of them says so far."""

    def __init__(self, judged: Measured, baselines: Sequence[Baseline], share: int = 1) -> None:
        """Judge the run alone."""
        self.scenario, self.runs = judged.load.scenario, [judged]
        self._baselines, self._share = baselines, share
        self.judgement = judge(self.runs, baselines, share)
        self._alarmed = self.judgement.outcome is Outcome.REGRESSED

    @property
    def undecided(self) -> bool:
        """Whether the judged run alone alarms, no mean confirms it yet, and there are re-runs left.

        Looking after each re-run keeps α: only an alarm of the judged run alone can be confirmed.
        """
        confirmed = len(self.runs) > 1 and self.judgement.outcome is not Outcome.NO_ALARM
        return self._alarmed and not confirmed and len(self.runs) <= RERUNS

    def add(self, rerun: Measured) -> None:
        """Judge the mean of the runs so far and one more."""
        self.runs.append(rerun)
        self.judgement = judge(self.runs, self._baselines, self._share)


def judge(runs: Sequence[Measured], baselines: Sequence[Baseline], share: int = 1) -> Judgement:
    """Judge a run, and its re-runs if there are any, against the pinned baseline of their profile.

    `share`: how many scenarios are judged together; each gets an equal part of α (Bonferroni).
    """
    baseline, reasons = _baseline_of(runs[0], baselines)
    if baseline is not None and not reasons:
        reasons = tuple(dict.fromkeys(reason for each in runs for reason in _obstacles(each, baseline)))
    if baseline is None or reasons:
        return Judgement(Outcome.NOT_COMPARABLE, tuple(runs), baseline, reasons)
    points, alpha = [each.point for each in baseline.runs], ALPHA / share
    first = predict(points, [runs[0].point], alpha)
    mean = predict(points, [each.point for each in runs], alpha)
    outcome = Outcome.REGRESSED if mean.alarms else Outcome.NO_ALARM
    return Judgement(outcome, tuple(runs), baseline, (), mean, first if len(runs) > 1 else None, alpha)


def _baseline_of(each: Measured, baselines: Sequence[Baseline]) -> tuple[Baseline | None, tuple[str, ...]]:
    """The baseline with the profile of a run; otherwise the most similar one of its scenario, with the differences."""
    profile = each.profile
    of_scenario = [pinned for pinned in baselines if pinned.profile.is_about(profile)]
    if not of_scenario:
        return None, (f"no baseline is pinned for the scenario {profile.scenario}; `gameday baseline pin` pins one",)
    found = [(tuple(pinned.profile.differences(profile)), pinned) for pinned in of_scenario]
    differences, nearest = min(found, key=lambda each: len(each[0]))
    return nearest, differences


def _obstacles(each: Measured, baseline: Baseline) -> Iterator[str]:
    """Why a run with the profile of a baseline cannot be judged against it."""
    load, who = each.load, f"run {each.run.number}"
    if each.run.number in baseline.numbers:
        yield f"{who} is part of the baseline"
    if each.profile != baseline.profile:
        yield from (f"{who}: {difference}" for difference in baseline.profile.differences(each.profile))
    if load.fell_behind:
        yield f"{who}: the load fell behind: {load.late} of {load.arrivals} arrivals were late"
    if each.quantile is None:
        yield f"{who}: no P95: {load.bad} of {load.arrivals} arrivals were bad"
    if why := narrower(each, baseline):
        yield f"{who}: fewer samples than the baseline: {why}"
    elif not _same_rate(each, baseline):
        rates = load.measured_rate_per_s, _mean_rate(baseline)
        yield f"{who}: another rate: {rates[0]:.4g} arrivals per second instead of {rates[1]:.4g}"
    yield from _other_speed(each, baseline)


def _same_rate(each: Measured, baseline: Baseline) -> bool:
    """Whether the measured rates are the same, but for chance."""
    usual = _mean_rate(baseline)
    allowed = max(_SAME_RATE, 4 / math.sqrt(max(1, min(each.load.arrivals, baseline.arrivals))))
    return abs(each.load.measured_rate_per_s - usual) <= allowed * usual


def _mean_rate(baseline: Baseline) -> float:
    arrivals = sum(each.load.arrivals for each in baseline.runs)
    return arrivals / sum(each.load.sides * each.load.window_s for each in baseline.runs)


def _other_speed(each: Measured, baseline: Baseline) -> Iterator[str]:
    """What makes references incomparable: one is missing, or the machine had quite another speed."""
    here = each.load.reference_ms
    there = [pinned.load.reference_ms for pinned in baseline.runs if pinned.load.reference_ms is not None]
    if not there:
        return
    if here is None:
        yield f"run {each.run.number}: no reference was measured, and the baseline has one"
    elif not min(there) / _SPEED <= here <= max(there) * _SPEED:
        known = f"the baseline's runs had {min(there):.3g} to {max(there):.3g} ms"
        yield f"run {each.run.number}: another speed of the machine: a reference of {here:.3g} ms, and {known}"

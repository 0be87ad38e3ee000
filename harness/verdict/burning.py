"""Alerts by burn rate: how fast an SLO uses its error budget, over a long and a short window at once. Pure.

The burn rate is the share of bad events over the share that the objective allows. The rules are those of
`stats/burn.py` for a budget of 30 days; only their windows are shorter, all by the same factor, because a drill lasts
for minutes: HOUR_S.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from harness.measures.load import LoadMeasure
from harness.measures.reading import Events
from harness.measures.sampled import SampledMeasure
from harness.record.event import TREATMENT
from harness.stats.burn import ROWS
from harness.verdict.measurement import slices
from harness.verdict.now import so_far
from harness.verdict.quantities import show_measurement
from harness.verdict.state import DrillState, Slo
from harness.verdict.window import Window

HOUR_S: Final = 12.0
"""Seconds of a drill that stand for an hour of a rule. A production alert fires 300 times as late."""
_NO_RULE = "the response begins before a rule fires"


@dataclass(frozen=True)
class DueAlert:
    """An alert that fires by the measurements; `rank` 0 is the highest priority of the document."""

    slo: str
    rank: int
    text: str


@dataclass(frozen=True)
class Rule:
    """Fires while both windows burn at `burn` or faster; `rank` 0 is the highest priority."""

    rank: int
    burn: float
    long_s: float
    short_s: float


_SCALE: Final = HOUR_S / 3600
RULES: Final = tuple(
    Rule(rank, row.burn_rate(30 * 86400.0), row.long.seconds * _SCALE, row.short.seconds * _SCALE)
    for rank, row in enumerate(ROWS)
)
"""The most urgent first: 2 % of a 30 days' budget in an hour, 5 % in six hours, 10 % in three days."""
UNKNOWN_BURN_RANK: Final = 1
"""Of an objective without an error budget, such as a health check, which is broken: how fast it burns is not known."""


def firing(state: DrillState, slos: Iterable[Slo]) -> Iterator[DueAlert]:
    """For each of these SLOs that fires on the treatment while it has the fault, its most urgent alert.

    Only a run needs this, so that no report computes it: the alerts that were raised are in the record.
    """
    if TREATMENT not in state.fault_applied_s or state.reverted is not None:
        return
    for slo in slos:
        rule = next((rule for rule in RULES if _fires(state, slo, rule)), None)
        if rule is not None:
            yield DueAlert(slo.name, rule.rank, f"{_broken(state, slo)}: {_burns(state, slo, rule)}")
        elif not slo.allowed_bad and slo.name in state.slos_broken_s:
            yield DueAlert(slo.name, UNKNOWN_BURN_RANK, f"{_broken(state, slo)}; it has no error budget")


def unraised(state: DrillState) -> Iterator[DueAlert]:
    """An alert for each SLO that is known to be broken; its rank is that of the rule which would fire in the end."""
    for slo in state.broken:
        rate = burn_rate(state, slo, RULES[0].short_s)
        rank = next((rule.rank for rule in RULES if rate is not None and rate >= rule.burn), RULES[-1].rank)
        yield DueAlert(slo.name, rank, f"{_broken(state, slo)}: burn rate {_shown(rate)}, {_NO_RULE}")


def burn_rate(state: DrillState, slo: Slo, window_s: float) -> float | None:
    """The burn rate over the last seconds of the treatment; None if the objective has no error budget.

    What lies before the baseline phase counts as without bad events: the baseline holds, so the service was healthy.
    """
    end, start = state.sides[TREATMENT].frontier, state.start("baseline")
    if start is None or not slo.allowed_bad:
        return None
    begin = max(end - window_s, start)
    found = _events(slo, state.window(TREATMENT, begin, end))
    if found is None or not found.total:
        return 0.0
    return found.bad / found.total / slo.allowed_bad * min(1.0, (end - begin) / window_s)


def _fires(state: DrillState, slo: Slo, rule: Rule) -> bool:
    rates = (burn_rate(state, slo, window_s) for window_s in (rule.short_s, rule.long_s))
    return all(rate is not None and rate >= rule.burn for rate in rates)


def _events(slo: Slo, window: Window) -> Events | None:
    measured = slo.objective.measure
    if isinstance(measured, LoadMeasure):
        counted = slices(slo.objective, window, pessimistic=False)
        return Events(sum(each.n for each in counted), sum(each.bad for each in counted), window.end - window.start)
    return measured.events(slo.objective, window.samples) if isinstance(measured, SampledMeasure) else None


def _broken(state: DrillState, slo: Slo) -> str:
    """`availability 50 % (objective availability(gateway) >= 99%)`, of the last seconds."""
    end = state.sides[TREATMENT].frontier
    now = so_far(state.question(slo), state.window(TREATMENT, end - RULES[0].short_s, end))
    return f"{slo.name} {show_measurement(now, slo.objective.unit)} (objective {slo.objective.text})"


def _burns(state: DrillState, slo: Slo, rule: Rule) -> str:
    rates = [_shown(burn_rate(state, slo, window_s)) for window_s in (rule.long_s, rule.short_s)]
    return f"burn rate {rates[0]} over {rule.long_s:g} s, {rates[1]} over {rule.short_s:g} s, limit {rule.burn:g}"


def _shown(rate: float | None) -> str:
    return "not known" if rate is None else f"{rate:.3g}"

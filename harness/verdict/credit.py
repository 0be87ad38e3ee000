"""Whether a recovery is credited to the response: the comparison of the treatment with the control after it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.record.event import CONTROL, TREATMENT
from harness.stats.hazard import self_heal_bound
from harness.verdict.change import since
from harness.verdict.spells import Spells, spells
from harness.verdict.state import AGE_FACTOR, Credit, DrillState

SPELL_FACTOR = 3.0
"""A recovery must last so many times as long as the longest healthy spell of the control."""
BROKEN_NOW_S = 1.0
"""A control whose last healthy spell is longer than this may just have healed."""


def credit_of(state: DrillState, recovered_since: float) -> Credit:
    """The comparison of both sides up to now, for a treatment that has held since `recovered_since`."""
    changed, control_end = state.first_change_s, state.sides[CONTROL].frontier
    age_s, control_age_s = recovered_since - state.applied_s(TREATMENT), control_end - state.applied_s(CONTROL)
    window_s = recovered_since - changed if changed is not None and changed < recovered_since else None
    lasted_s, found = state.sides[TREATMENT].frontier - recovered_since, dict(_spells(state, control_end))
    old_enough = control_age_s >= AGE_FACTOR * age_s
    return Credit(
        window_s=window_s,
        age_s=age_s,
        control_age_s=control_age_s,
        alpha=_alpha(state, window_s, age_s, control_age_s),
        lasted_s=lasted_s,
        control_healthy_s=min((each.longest_s for each in found.values()), default=0.0),
        still_broken=tuple(name for name, each in found.items() if old_enough and _still_broken(each, lasted_s)),
        self_healed=_self_healed(state, recovered_since),
    )


def _alpha(state: DrillState, window_s: float | None, age_s: float, control_age_s: float) -> float:
    if window_s is None:
        return 1.0
    return self_heal_bound(window_s, age_s - window_s, control_age_s / age_s, state.earlier)


def _spells(state: DrillState, end_s: float) -> Iterator[tuple[str, Spells]]:
    """The control's healthy spells since its onset, for each SLO that broke on both sides."""
    for slo in state.broken:
        if slo.name in state.control_broken_s:
            window = state.window(CONTROL, state.control_broken_s[slo.name], end_s)
            yield slo.name, spells(state.question(slo), window)


def _still_broken(found: Spells, lasted_s: float) -> bool:
    return found.last_s <= BROKEN_NOW_S and lasted_s >= SPELL_FACTOR * found.longest_s


def _self_healed(state: DrillState, recovered_since: float) -> bool:
    """Whether every SLO that broke is known to hold on the control since some time after the recovery."""
    window = state.window(CONTROL, recovered_since)
    return bool(state.broken) and all(since(state.question(slo), window) is not None for slo in state.broken)

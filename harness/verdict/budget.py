"""The share of an SLO's error budget that an incident spent, and its burn rate.

The budget of a window is the number of bad events it allows at the steady rate: rate · window_s · θ. Events are the
arrivals, or what the counters of a ratio counted. The burn rate is the bad fraction over θ: 1 spends the budget in
exactly one window. Beyer et al., The Site Reliability Workbook, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.verdict.measurement import Measurement


@dataclass(frozen=True)
class Budget:
    """Cost of an incident of `seconds`. `spent`: share of the window's budget, above 1 if all of it was spent.

    The intervals are confidence intervals as those of the measurements; None where these have none.
    """

    window_s: float
    seconds: float
    spent: float
    spent_interval: tuple[float, float] | None
    burn_rate: float
    burn_rate_interval: tuple[float, float] | None


def budget(
    allowed_bad: float | None, window_s: float, steady: Measurement | None, incident: Measurement | None
) -> Budget | None:
    """The cost of an incident; `allowed_bad`: θ, `steady`: the load before the fault.

    None if the objective allows no share of bad events, or if no event was counted before or during the incident.
    """
    before, events = (each.events if each else None for each in (steady, incident))
    if not allowed_bad or incident is None or not (before and events and before.total and events.total):
        return None
    allowed = allowed_bad * before.total / before.seconds * window_s
    return Budget(
        window_s=window_s,
        seconds=incident.seconds,
        spent=events.bad / allowed,
        spent_interval=_scaled(incident.bad_interval, events.total / allowed),
        burn_rate=events.bad / events.total / allowed_bad,
        burn_rate_interval=_scaled(incident.bad_interval, 1 / allowed_bad),
    )


def _scaled(interval: tuple[float, float] | None, factor: float) -> tuple[float, float] | None:
    return None if interval is None else (interval[0] * factor, interval[1] * factor)

"""The share of an SLO's error budget that an incident spent, and its burn rate.

The budget of a window is the number of bad arrivals it allows at the steady rate: rate · window_s · θ. The burn rate is
the bad fraction over θ: 1 spends the budget in exactly one window. Beyer et al., The Site Reliability Workbook, ch. 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.verdict.measurement import Measurement


@dataclass(frozen=True)
class Budget:
    """Cost of an incident of `seconds`. `spent`: share of the window's budget, above 1 if all of it was spent.

    The intervals are confidence intervals as those of the measurements.
    """

    window_s: float
    seconds: float
    spent: float
    spent_interval: tuple[float, float]
    burn_rate: float
    burn_rate_interval: tuple[float, float]


def budget(
    theta: float | None, window_s: float, steady: Measurement | None, incident: Measurement | None
) -> Budget | None:
    """The cost of an incident; `theta`: bad fraction that the objective allows, `steady`: the load before the fault.

    None if the objective is no fraction, or if no arrival was counted before or during the incident.
    """
    if not theta or incident is None or incident.bad is None or incident.bad_interval is None:
        return None
    if steady is None or not steady.n or not steady.seconds:
        return None
    low, high = incident.bad_interval
    allowed = theta * steady.n / steady.seconds * window_s
    return Budget(
        window_s=window_s,
        seconds=incident.seconds,
        spent=incident.bad * incident.n / allowed,
        spent_interval=(low * incident.n / allowed, high * incident.n / allowed),
        burn_rate=incident.bad / theta,
        burn_rate_interval=(low / theta, high / theta),
    )

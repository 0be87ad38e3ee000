"""What an incident cost: the share of an SLO's error budget that it spent, and how fast.

A window of `window_s` at the steady rate may hold rate · window_s · θ bad arrivals: its budget. The burn rate is the
bad fraction over θ (Beyer et al., The Site Reliability Workbook, ch. 5): 1 spends the budget in exactly one window.
"""

from __future__ import annotations

from dataclasses import dataclass

from harness.verdict.measurement import Measurement


@dataclass(frozen=True)
class Budget:
    """`spent` is a share of the window's budget (above 1: more than all of it); intervals as in the measurements."""

    window_s: float
    seconds: float
    spent: float
    spent_interval: tuple[float, float]
    burn_rate: float
    burn_rate_interval: tuple[float, float]


def budget(
    theta: float | None, window_s: float, steady: Measurement | None, incident: Measurement | None
) -> Budget | None:
    """None where the objective is no fraction, or no arrival was counted before or during the incident."""
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

"""The rows of the SRE Workbook's table 5-8: how fast the error budget may burn, and over which windows that counts.

Google, The Site Reliability Workbook, chapter 5, "6: Multiwindow, Multi-Burn-Rate Alerts"
(https://sre.google/workbook/alerting-on-slos/): alert when a share of the budget is used within a long window, and is
still being used in a short one of a twelfth of it, so that the alert ends soon after the incident.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A time span as PromQL writes it."""

    text: str
    seconds: float


@dataclass(frozen=True)
class Row:
    """Alert with `severity` when `budget_share` of the error budget is used within the long window."""

    severity: str
    name: str
    budget_share: float
    long: Window
    short: Window

    def burn_rate(self, slo_window_s: float) -> float:
        """How many times faster than allowed the budget burns then: 14.4 in the first row, for 30 days."""
        return self.budget_share * slo_window_s / self.long.seconds


ROWS = (
    Row("P0", "FastBurn", 0.02, Window("1h", 3600.0), Window("5m", 300.0)),
    Row("P1", "Burn", 0.05, Window("6h", 6 * 3600.0), Window("30m", 1800.0)),
    Row("P2", "SlowBurn", 0.10, Window("3d", 3 * 86400.0), Window("6h", 6 * 3600.0)),
)
WINDOWS = tuple(dict.fromkeys(each for row in ROWS for each in (row.short, row.long)))
"""Every window that a rule needs, each once."""

"""What one run of one generator came to: in its own words, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.parts.processes import Usage


@dataclass(frozen=True)
class Outcome:
    """One run. Percentiles in milliseconds, of everything that the generator recorded; infinite where it calls that bad.

    `due` arrivals were asked for by the schedule, `sent` of them went out, `recorded` are in the generator's statistics;
    of those `bad`. `late` counts those that it started too late, None where it does not say.
    """

    due: int
    sent: int
    recorded: int
    bad: int
    late: int | None
    p50_ms: float
    p95_ms: float
    p99_ms: float
    usage: Usage

    @property
    def never_sent(self) -> int:
        """Arrivals that the schedule asked for and nobody made."""
        return max(0, self.due - self.sent)

    @property
    def lost(self) -> int:
        """Requests that were sent and are in no statistics."""
        return self.sent - self.recorded

    @property
    def cpu_s_per_10k(self) -> float:
        """CPU-seconds for 10,000 requests, from the start of the process to its end."""
        return self.usage.cpu_s * 1e4 / max(1, self.sent)

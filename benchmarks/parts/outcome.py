"""What one run of one generator came to: in its own words, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.parts.processes import Usage


@dataclass(frozen=True)
class Outcome:
    """One run. Percentiles in ms, of everything in its statistics; infinite where it puts no number on what is bad.

    `due` arrivals were asked for by the schedule, `sent` of them went out. The end of the run cut off those that are
    `lost`, in no statistics at all, and those that are `unfinished`, in the statistics as bad ones. `bad` are other bad
    ones; `late` those that the generator itself started too late, None where it does not say.
    """

    due: int
    sent: int
    lost: int
    unfinished: int
    bad: int
    late: int | None
    p50_ms: float
    p95_ms: float
    p99_ms: float
    usage: Usage

    @property
    def never_sent(self) -> int:
        """Scheduled arrivals that were not sent."""
        return max(0, self.due - self.sent)

    @property
    def cpu_s_per_10k(self) -> float:
        """CPU-seconds for 10,000 requests, from the start of the process to its end."""
        return self.usage.cpu_s * 1e4 / max(1, self.sent)


def unexplained(outcome: Outcome, at_server: int) -> int:
    """By how many requests the server's count differs from what was sent, beyond what the end of the run explains.

    What was cut off by the end may have reached the server or not; nothing else may be missing, and nothing be added.
    """
    least = outcome.sent - outcome.lost - outcome.unfinished
    return max(0, least - at_server, at_server - outcome.sent)

"""Outcome of one run of a generator: its own figures and its cost."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.parts.processes import Usage


@dataclass(frozen=True)
class Outcome:
    """Outcome of one run; percentiles in ms over all its arrivals, infinite where bad ones count as infinitely slow.

    `due` arrivals were scheduled, `sent` of them were sent. Outstanding at the end were the `lost` ones, which are in
    no statistics, and the `unfinished` ones, which are in the statistics as bad. `bad` counts other bad ones; `late`
    those that the generator started too late, None where it does not report them.
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
        """CPU-seconds per 10,000 requests, from the start of the process to its end."""
        return self.usage.cpu_s * 1e4 / max(1, self.sent)


def unexplained(outcome: Outcome, at_server: int) -> int:
    """Return the difference between sent and received requests that the end of the run does not explain.

    Requests outstanding at the end may have reached the server or not; no others may be missing, and none added.
    """
    least = outcome.sent - outcome.lost - outcome.unfinished
    return max(0, least - at_server, at_server - outcome.sent)

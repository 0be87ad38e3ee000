"""Measures of the load: decided by counting arrivals, not by sampling a service."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable

from harness.measures.base import Condition, Measure
from harness.measures.counts import Counts
from harness.stats.inflation import Slice
from harness.stats.sequential import Decision

Interval = tuple[float, float | None]
"""From, to; None: no upper limit yet."""


class LoadMeasure(Measure):
    """Base of the measures of a load series, which is their first argument."""

    @property
    def series(self) -> str:
        """Name of the load series."""
        return self.args[0]

    @abstractmethod
    def slice(self, condition: Condition, counts: Counts, *, pessimistic: bool) -> Slice:
        """Arrivals and bad ones of one slice.

        An arrival without an outcome counts as bad if `pessimistic`, otherwise it is left out.
        """

    @abstractmethod
    def holds(self, condition: Condition, optimistic: Decision, pessimistic: Decision) -> bool | None:
        """Whether the condition is met, by the decisions on both countings of a window; None: undecided."""

    @abstractmethod
    def value(
        self, condition: Condition, total: Callable[[], Counts], decision: Decision, bad_interval: tuple[float, float]
    ) -> tuple[float | None, Interval | None]:
        """The measured value and its confidence interval in base units; None where there is none.

        `decision` and `bad_interval` are about the bad fraction of the window whose counts `total` returns.
        """


class FractionMeasure(LoadMeasure):
    """Base of the measures that ask for a fraction of bad arrivals: conditions on them have a `theta`."""

    def holds(self, condition: Condition, optimistic: Decision, pessimistic: Decision) -> bool | None:
        """A fraction is low only by the pessimistic counts, and high only by the optimistic ones."""
        if optimistic.low is False:
            return not condition.wants_low
        return condition.wants_low if pessimistic.low else None


def outcomes(counts: Counts, kinds: tuple[str, ...], *, pessimistic: bool) -> Slice:
    """Arrivals, and bad ones of these kinds (none given: of all), without their latencies.

    How long good responses took carries no information about how failures are correlated.
    """
    failed = counts.failed
    bad, pending = counts.bad_of(kinds) if kinds else failed, counts.sent - counts.ok - failed
    return Slice(counts.sent, bad + pending) if pessimistic else Slice(counts.sent - pending, bad)

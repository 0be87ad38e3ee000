"""Number of bad arrivals of one kind in a load series: `count(bad_input, accepted) == 0`."""

from __future__ import annotations

from harness.measures.base import Condition
from harness.measures.counts import Counts
from harness.measures.load import Interval, LoadMeasure, outcomes
from harness.measures.openslo import OpenSloForm, arrivals_of
from harness.measures.source import Source
from harness.stats.inflation import Slice
from harness.stats.sequential import Decision


class BadCount(LoadMeasure):
    """An absolute number of bad arrivals; arguments: the series and the kind."""

    function = "count"
    unit = "count"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts every comparison with a number."""
        source.expect_args(2)
        return Condition(source.text, cls(source.args), source.op, source.number())

    def slice(self, condition: Condition, counts: Counts, *, pessimistic: bool) -> Slice:
        """Arrivals, and bad ones of this kind."""
        return outcomes(counts, self.args[1:], pessimistic=pessimistic)

    def holds(self, condition: Condition, optimistic: Decision, pessimistic: Decision) -> bool | None:
        """The comparison itself; undecided while there is no bad arrival and too few arrivals to expect one."""
        undecided = optimistic.bad == 0 and pessimistic.low is None
        return None if undecided else condition.is_met_by(optimistic.bad)

    def value(
        self, condition: Condition, total: Counts, decision: Decision, bad_interval: tuple[float, float]
    ) -> tuple[float | None, Interval | None]:
        """The number itself, without an interval."""
        return (float(decision.bad) if decision.n else None), None

    def openslo(self, condition: Condition) -> OpenSloForm:
        """ "None at all" as a ratio of arrivals, other limits as a threshold; each in every time slice."""
        if (condition.op, condition.value) in (("==", 0), ("<=", 0)):
            return OpenSloForm(self.series, arrivals_of(self.series, "bad", self.args[1:]), {}, always=True)
        return super().openslo(condition)

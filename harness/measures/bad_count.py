"""Number of bad arrivals of one kind in a load series: `count(bad_input, accepted) == 0`."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from harness.measures.base import Condition
from harness.measures.counts import Counts
from harness.measures.load import Interval, LoadMeasure, outcomes
from harness.measures.openslo import OpenSloForm, arrivals_of
from harness.measures.promql import BadShare, Indicators, no_rule
from harness.measures.source import Source
from harness.stats.inflation import Slice
from harness.stats.sequential import Decision


class BadCount(LoadMeasure):
    """An absolute number of bad arrivals since the phase began; arguments: the series and the kind.

    "None at all" (`== 0`) holds from the last bad arrival on. Another upper limit would hold in any short enough time.
    """

    function = "count"
    unit = "count"
    never_negative = True

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts `== 0` and what means the same, and lower limits."""
        source.expect_args(2)
        condition = Condition(source.text, cls(source.args), source.op, source.not_negative())
        none, one, many = (condition.is_met_by(number) for number in (0, 1, inf))
        if (none and not one and not many) or (many and not none):
            return condition
        raise source.error("an absolute number has no time span: write == 0, or a share: error_rate(series, kind) < …")

    def slice(self, condition: Condition, counts: Counts, *, pessimistic: bool) -> Slice:
        """Arrivals, and bad ones of this kind."""
        return outcomes(counts, self.args[1:], pessimistic=pessimistic)

    def holds(self, condition: Condition, optimistic: Decision, pessimistic: Decision) -> bool | None:
        """The comparison itself; undecided while there is no bad arrival and too few arrivals to expect one."""
        undecided = optimistic.bad == 0 and optimistic.low is None
        return None if undecided else condition.is_met_by(optimistic.bad)

    def value(
        self, condition: Condition, total: Callable[[], Counts], decision: Decision, bad_interval: tuple[float, float]
    ) -> tuple[float | None, Interval | None]:
        """The number itself, without an interval."""
        return (float(decision.bad) if decision.n else None), None

    def bad_share(self, condition: Condition, indicators: Indicators, deployment_label: str) -> BadShare:
        """Never one: the service that ends an arrival wrongly takes it for a good one."""
        series, kind = self.args
        fact = f"which arrivals of `{series}` are `{kind}`, only the load knows: a service that knew would not do so"
        raise no_rule(condition.text, fact)

    def openslo(self, condition: Condition) -> OpenSloForm:
        """ "None at all" as a ratio of arrivals, other limits as a threshold; each in every time slice."""
        if (condition.op, condition.value) in (("==", 0), ("<=", 0)):
            return OpenSloForm(self.series, arrivals_of(self.series, "bad", self.args[1:]), {}, always=True)
        return super().openslo(condition)

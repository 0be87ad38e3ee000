"""Share of bad arrivals of a load series: `error_rate(tools) > 5%`, `error_rate(tools, timeout) > 5%`."""

from __future__ import annotations

from collections.abc import Callable

from harness.measures.base import Condition
from harness.measures.comparison import MIRRORED
from harness.measures.counts import Counts
from harness.measures.load import FractionMeasure, Interval, outcomes
from harness.measures.openslo import OpenSloForm, arrivals_of, cannot_express, remainder
from harness.measures.promql import BadShare, Indicators, no_rule
from harness.measures.source import Source
from harness.stats.inflation import Slice
from harness.stats.sequential import Decision

_SMALLEST = 1e-9
"""Smallest share that differs from none, and smallest difference from all."""


class ErrorRatio(FractionMeasure):
    """Bad arrivals among all of a series, a fraction; arguments: the series and up to eight kinds (none: all kinds).

    `> 0%` asks for a single bad arrival, `>= 100%` for only bad ones; see `decide` for what evidence that takes.
    """

    function = "error_rate"
    unit = "ratio"

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of bad arrivals that count; none: all."""
        return self.args[1:]

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts `<`, `<=`, `>` and `>=` with a share: `5%` or `0.05`."""
        source.expect_args(1, 9)
        return cls(source.args).at_most(source)

    def at_most(self, source: Source) -> Condition:
        """The condition on the share of bad arrivals; `theta` is the limit, mirrored where higher is better."""
        limit = source.number(("%", ""))
        if source.op in ("==", "!="):
            advice = "for an absolute number use count(series, kind)"
            raise source.error(f"a ratio is compared by <, <=, > or >=; {advice}")
        source.expect_undecided(limit, 0.0, 1.0, "a ratio lies between 0 % and 100 %")
        if 0 < limit < _SMALLEST or 0 < 1 - limit < _SMALLEST:
            raise source.error("a share has at most nine digits after the point")
        if not self.higher_is_better:
            return Condition(source.text, self, source.op, limit, theta=limit)
        bad = round(1 - limit, 9)
        return Condition(source.text, self, MIRRORED[source.op], bad, theta=bad)

    def slice(self, condition: Condition, counts: Counts, *, pessimistic: bool) -> Slice:
        """Arrivals, and bad ones of the wanted kinds."""
        return outcomes(counts, self.kinds, pessimistic=pessimistic)

    def value(
        self, condition: Condition, total: Callable[[], Counts], decision: Decision, bad_interval: tuple[float, float]
    ) -> tuple[float | None, Interval | None]:
        """The bad fraction, or the good one where higher is better."""
        if not decision.n:
            return None, None
        if self.higher_is_better:
            return 1 - decision.bad / decision.n, (1 - bad_interval[1], 1 - bad_interval[0])
        return decision.fraction, bad_interval

    def openslo(self, condition: Condition) -> OpenSloForm:
        """A ratio of the arrivals of the series."""
        theta = condition.theta or 0.0
        if not condition.wants_low:
            fact = "an SLO limits bad events; write error_rate(…) < or availability(…) >"
            raise cannot_express(condition.text, fact)
        if not 0 < theta < 1:
            fact = (
                "the share must be between 0 % and 100 %; to allow no bad event at all write count(series, kind) == 0"
            )
            raise cannot_express(condition.text, fact)
        side = "good" if self.higher_is_better else "bad"
        return OpenSloForm(self.series, arrivals_of(self.series, side, self.kinds), {"target": remainder(theta)})

    def bad_share(self, condition: Condition, indicators: Indicators, deployment_label: str) -> BadShare:
        """What the service counts as bad among all, as the bindings say; it has no kinds of bad arrivals."""
        found = indicators.get(self.series)
        if self.kinds:
            raise no_rule(condition.text, "kinds of bad arrivals are known to the load only")
        if found is None or not (found.bad and found.total):
            raise no_rule(condition.text, f"the bindings have no `bad` and `total` at indicators.{self.series}")
        return BadShare((found.bad,), (found.total,))

"""Latency quantile of a load series: `p95(gateway) < 500ms`."""

from __future__ import annotations

from collections.abc import Callable

from harness.measures.base import Condition
from harness.measures.counts import Counts
from harness.measures.load import FractionMeasure, Interval
from harness.measures.openslo import OPERATORS, OpenSloForm, cannot_express, metric_source, remainder, tidy
from harness.measures.promql import BadShare, Indicators, no_rule, selector, suffixed
from harness.measures.source import Source
from harness.stats.histogram import edges_ms, quantile_bucket, quantile_ms
from harness.stats.inflation import Slice
from harness.stats.interval import quantile_ranks
from harness.stats.sequential import Decision


class Latency(FractionMeasure):
    """A quantile of the latency from the intended start, in ms; arguments: the series and the percentile.

    "The q-quantile is below x" is decided as "at most a fraction 1 − q of the arrivals takes x or longer".
    """

    function = "p"
    unit = "ms"

    @classmethod
    def parse(cls, source: Source) -> Condition:
        """Accepts `pNN(series)`, `<` and `>`, and a limit in ms or s."""
        percentile = float(source.function[1:])
        theta = round(1 - percentile / 100, 9)
        if not 0 < theta < 1:
            raise source.error("a quantile lies between p0 and p100 and has at most seven digits after the point")
        if len(source.args) != 1 or source.op in ("==", "!="):
            raise source.error("a latency quantile takes one series and < or >")
        limit_ms = source.number(("ms", "s"))
        if limit_ms <= 0:
            raise source.error("a latency has a limit above 0 ms")
        measure = cls((source.args[0], f"{percentile:g}"))
        return Condition(source.text, measure, source.op, limit_ms, over_ms=limit_ms, theta=theta)

    def slice(self, condition: Condition, counts: Counts, *, pessimistic: bool) -> Slice:
        """Arrivals, and those beyond the limit.

        For an objective a failed arrival is as bad as a slow one. For a symptom failed arrivals are left out: failures
        are no sign of slowness.
        """
        over, failed = counts.over.get(condition.over_ms or 0.0, 0), counts.failed
        n, slow = (counts.sent, over) if condition.wants_low else (counts.sent - failed, max(0, over - failed))
        return Slice(n, slow, counts.ok, *counts.hist.log_moments())

    def value(
        self, condition: Condition, total: Callable[[], Counts], decision: Decision, bad_interval: tuple[float, float]
    ) -> tuple[float | None, Interval | None]:
        """Quantile of the good arrivals in ms; how many were not good is in the bad fraction."""
        q, whole = 1 - (condition.theta or 0.0), total()
        latencies = whole.hist.merged()
        value = quantile_ms(latencies, q)
        if value is None or not decision.n:
            return None, None
        alphas = (decision.parameters.alpha_of(below=side) for side in (False, True))
        low, high = quantile_ranks(whole.ok / decision.vif, q, *alphas)
        first, last = (quantile_bucket(latencies, rank) or 0 for rank in (low, high))
        return value, (edges_ms(first)[0], edges_ms(last)[1] if high < 1 else None)

    def openslo(self, condition: Condition) -> OpenSloForm:
        """A threshold on the series with the quantile as the target."""
        if not condition.wants_low or condition.value <= 0:
            raise cannot_express(condition.text, "a latency SLO has an upper limit; write < or <=, and a limit above 0")
        return OpenSloForm(
            self.series,
            {"thresholdMetric": metric_source({"series": self.series, "unit": "ms"})},
            {
                "op": OPERATORS[condition.op],
                "value": tidy(condition.value),
                "target": remainder(condition.theta or 0.0),
            },
        )

    def bad_share(self, condition: Condition, indicators: Indicators, deployment_label: str) -> BadShare:
        """The requests that the service answered late. One that failed fast is not slow there."""
        found = indicators.get(self.series)
        if found is None or not found.latency or condition.over_ms is None:
            raise no_rule(condition.text, f"the bindings have no `latency` at indicators.{self.series}")
        bound = selector(suffixed(found.latency, "_bucket"), le=bound_of(condition.over_ms))
        return BadShare((bound,), (suffixed(found.latency, "_count"),), good=True)


def bound_of(limit_ms: float) -> str:
    """A limit as the label `le` of a bucket in seconds: `0.5`, and `1.0` as Prometheus 3 writes it."""
    return repr(limit_ms / 1000)

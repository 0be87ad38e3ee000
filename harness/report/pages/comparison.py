"""The page of a comparison: outcome and reason, a table per scenario, plots of its blocks and of the change so far."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.comparison.errors import MARGIN
from harness.comparison.result import BlockResult, ComparisonResult, Row, ScenarioResult
from harness.comparison.rows import effects_so_far
from harness.report.comparison import (
    show_change,
    show_detectable,
    show_effect,
    show_interval,
    show_left_out,
    show_value,
)
from harness.report.pages.frame import Filters, page
from harness.report.pages.plots import Curve, Plot, PlotGroup, anchor, group_of_seconds
from harness.stats.duet import POWER, Effect, Outcome
from harness.verdict.charts import Limit

_ROOM = 2.0
"""The plot of the change has room for an interval of so many times the last one; the first ones are much wider."""


def to_html(result: ComparisonResult) -> str:
    """The whole comparison as one HTML page, without anything that is loaded from elsewhere."""
    filters: Filters = {
        "anchor": lambda name: anchor(name, "scenario"), "margin": lambda row: show_effect(row, row.margin),
        "value": show_value, "change": show_change, "interval": show_interval, "detectable": show_detectable,
        "left_out": show_left_out, "plots": plots_of, "outcome_class": outcome_class,
    }  # fmt: skip
    return page("comparison.html.j2", filters, result=result, sentence=sentence(result), power=POWER)


def outcome_class(outcome: Outcome) -> str:
    """The style of an outcome."""
    return outcome.value.replace(" ", "-")


def sentence(result: ComparisonResult) -> str:
    """The one sentence that explains the outcome."""
    if result.outcome is Outcome.NOT_WORSE:
        slower = f"is {result.margin:.0%} slower than {result.base.name}, or more"
        return f"No quantile of {result.candidate.name} {slower}, nor are {100 * MARGIN:g} pp more of its requests bad"
    if result.cut and result.outcome is Outcome.UNDECIDED:
        return "The record stops before the end of the comparison"
    rows = [(each, row) for each in result.scenarios for row in each.rows if row.outcome is result.outcome]
    if not rows:
        return "A load was cut, so that nothing is decided"
    (scenario, row), *others = rows
    also = ", ".join(f"{each.runbook} {other.measure}" for each, other in others)
    return f"{scenario.runbook}: {_reason(row, scenario)}{f'; also {also}' if also else ''}"


def _reason(row: Row, scenario: ScenarioResult) -> str:
    if row.outcome is Outcome.UNDECIDED:
        return f"{row.measure} is undecided: {row.why}"
    base, candidate = scenario.requests
    values = f"{show_value(row, row.base)} → {show_value(row, row.candidate)}"
    return f"{row.measure} regressed, {values} ({show_change(row)} {show_interval(row)}, n {base} + {candidate})"


def plots_of(each: ScenarioResult) -> PlotGroup:
    """What is drawn of a scenario: for every quantile its blocks, and the change with its interval after each block."""
    if not each.blocks:
        return group_of_seconds(anchor(each.runbook, "scenario"), [])
    rows = [(number, row) for number, row in enumerate(each.rows) if row.unit == "ms"]
    plots = [plot for number, row in rows for plot in (_blocks(each.blocks, number, row), _change(each, number, row))]
    return group_of_seconds(anchor(each.runbook, "scenario"), plots)


def _blocks(blocks: Sequence[BlockResult], number: int, row: Row) -> Plot:
    base = (block.base.quantiles_ms[number] if block.used else None for block in blocks)
    candidate = (block.candidate.quantiles_ms[number] if block.used else None for block in blocks)
    curves = Curve("candidate", "treatment", _rounded(candidate)), Curve("base", "control", _rounded(base))
    return Plot(f"{row.measure} of each block", "ms", _starts(blocks), curves)


def _rounded(values: Iterator[float | None]) -> tuple[float | None, ...]:
    return tuple(None if value is None else round(value, 2) for value in values)


def _starts(blocks: Sequence[BlockResult]) -> tuple[float, ...]:
    return tuple(round(block.start_s, 2) for block in blocks)


def _change(each: ScenarioResult, number: int, row: Row) -> Plot:
    found = effects_so_far(each.blocks, each.design, number)
    values = tuple(None if effect is None else _percent(effect.value) for effect in found)
    curve = Curve("change so far", "treatment", values, intervals=tuple(map(_ends, found)))
    limits = Limit("no change", 0.0), Limit(f"margin {show_effect(row, row.margin)}", _percent(row.margin) or 0.0)
    last = tuple(_ROOM * end for end in curve.intervals[-1] if end is not None)
    return Plot(f"Change of {row.measure} so far, with its interval", "%", _starts(each.blocks), (curve,), limits, last)


def _ends(effect: Effect | None) -> tuple[float | None, float | None]:
    return (None, None) if effect is None else (_percent(effect.low), _percent(effect.high))


def _percent(effect: float) -> float | None:
    return round(100 * math.expm1(effect), 2) if math.isfinite(effect) else None

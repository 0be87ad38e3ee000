"""The report format `html`: one self-contained page with plots, which opens offline."""

from __future__ import annotations

import re

from harness.report.alerts import counts, reasons
from harness.report.base import ReportFormat
from harness.report.evidence import chain
from harness.report.format import (
    MARKS,
    one_line,
    show_budget,
    show_confidence,
    show_control,
    show_estimate,
    show_evidence,
    show_seconds,
)
from harness.report.pages.frame import Filters, page
from harness.report.pages.plots import Curve, Plot, PlotGroup, Style, anchor, group_of_seconds
from harness.report.response import compared, show_beside, show_end, show_responder
from harness.report.time_budget import outside_phases_s, spent_in
from harness.verdict.charts import Chart, Line
from harness.verdict.gameday import GamedayResult
from harness.verdict.quantities import show_number
from harness.verdict.result import DrillResult


def to_html(result: GamedayResult) -> str:
    """The whole result as one HTML page, without anything that is loaded from elsewhere."""
    return page("report.html.j2", _FILTERS, result=result)


def _plots(drill: DrillResult) -> PlotGroup:
    """What is drawn of a drill."""
    found = drill.charts
    begin_s = min((chart.times_s[0] for chart in found.charts), default=0.0)
    phases = [phase for phase in found.phases if phase.end_s > begin_s]  # a sequential control had its own before
    return group_of_seconds(anchor(drill.runbook), [_plot(chart) for chart in found.charts], phases, found.marks)


def _plot(chart: Chart) -> Plot:
    curves = tuple(Curve(f"{line.name}, {line.side}", _style(line), line.values) for line in chart.lines)
    return Plot(chart.title, chart.unit, chart.times_s, curves, chart.limits)


def _style(line: Line) -> Style:
    if line.side == "control":
        return "control"
    return "second" if re.fullmatch(r"P\d+", line.name) and line.name != "P95" else "treatment"


_FILTERS: Filters = {
    "chain": chain, "plots": _plots, "one_line": one_line, "seconds": show_seconds, "spent": show_budget,
    "estimate": show_estimate, "evidence": show_evidence, "time_budget": spent_in, "outside_phases_s": outside_phases_s,
    "mark": lambda verdict: MARKS.get(verdict, "·"), "percent": lambda share: show_number(share, "ratio"),
    "control": show_control, "counts": counts, "reasons": reasons,
    "compared": lambda drill: compared(drill, drill.response), "responder": show_responder, "beside": show_beside,
    "command_end": show_end,
    "confidence": lambda drill: show_confidence(drill.alpha, len(drill.slos)),
}  # fmt: skip
FORMAT = ReportFormat("html", "report.html", to_html)

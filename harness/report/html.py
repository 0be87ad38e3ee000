"""The report format `html`: one self-contained page with plots, which opens offline."""

from __future__ import annotations

import re
from dataclasses import asdict
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.base import ReportFormat
from harness.report.evidence import chain
from harness.report.format import (
    MARKS,
    one_line,
    show_budget,
    show_confidence,
    show_estimate,
    show_evidence,
    show_seconds,
)
from harness.report.time_budget import outside_phases_s, spent_in
from harness.verdict.charts import Chart, Line
from harness.verdict.gameday import GamedayResult
from harness.verdict.quantities import show_number
from harness.verdict.result import DrillResult

ASSETS = Path(__file__).with_name("assets")


def to_html(result: GamedayResult) -> str:
    """The whole result as one HTML page, without anything that is loaded from elsewhere."""
    return _environment().get_template("report.html.j2").render(result=result) + "\n"


def plotted(drill: DrillResult) -> dict[str, object]:
    """What the page's script draws of a drill, as JSON."""
    drawn = drill.charts
    times = [time for chart in drawn.charts for time in (chart.times_s[0], chart.times_s[-1])]
    return {
        "id": anchor(drill.runbook),
        "begin_s": min(times, default=0.0),
        "end_s": max(times, default=1.0),
        "phases": [asdict(phase) for phase in drawn.phases],
        "marks": [asdict(mark) for mark in drawn.marks],
        "charts": [asdict(chart) for chart in drawn.charts],
    }


def described(chart: Chart) -> str:
    """A chart in words, for people who do not see it: the range of each line, and the limits."""
    lines = (_described(line, chart.unit) for line in chart.lines)
    return f"{chart.title}. {'; '.join([*lines, *(f'limit {limit.text}' for limit in chart.limits)])}"


def _described(line: Line, unit: str) -> str:
    values = [value for value in line.values if value is not None]
    if not values:
        return f"{line.name} on the {line.side}: no data"
    return f"{line.name} on the {line.side}: {min(values):g} to {max(values):g} {unit}".rstrip()


def line_class(line: Line) -> str:
    """The style of a line in the legend."""
    if line.side == "control":
        return "of-control"
    return "of-second" if re.fullmatch(r"P\d+", line.name) and line.name != "P95" else "of-treatment"


def anchor(name: str) -> str:
    """An id of an element: the name with all but letters, digits and hyphens replaced."""
    return f"drill-{re.sub(r'[^A-Za-z0-9-]', '-', name)}"


@cache
def _environment() -> Environment:
    """Jinja with all that the template uses. Everything is escaped but our own assets."""
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        anchor=anchor, chain=chain, described=described, line_class=line_class, plotted=plotted, one_line=one_line,
        seconds=show_seconds, spent=show_budget, estimate=show_estimate, evidence=show_evidence,
        time_budget=spent_in, outside_phases_s=outside_phases_s,
        mark=lambda verdict: MARKS.get(verdict, "·"), percent=lambda share: show_number(share, "ratio"),
        confidence=lambda drill: show_confidence(drill.alpha, len(drill.slos)),
    )  # fmt: skip
    environment.globals.update(
        style=_asset("report.css"), script=_asset("report.js"), plot_style=_asset("uPlot.min.css"),
        plot_script=_asset("uPlot.iife.min.js"),
    )  # fmt: skip
    return environment


def _asset(name: str) -> Markup:
    return Markup((ASSETS / name).read_text(encoding="utf-8"))  # noqa: S704  our own file


FORMAT = ReportFormat("html", "report.html", to_html)

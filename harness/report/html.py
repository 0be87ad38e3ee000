"""The report format `html`: one self-contained page with plots, which opens offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.base import ReportFormat
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


@dataclass(frozen=True)
class Fact:
    """One link of the chain of evidence: whether it was found, and what it is."""

    found: bool | None
    text: str

    @property
    def verdict(self) -> str:
        """The style: `passed`, `failed` or `inconclusive`."""
        return {True: "passed", False: "failed", None: "inconclusive"}[self.found]

    @property
    def mark(self) -> str:
        """One character for people who do not see colours."""
        return MARKS[self.verdict]


def to_html(result: GamedayResult) -> str:
    """The whole result as one HTML page, without anything that is loaded from elsewhere."""
    return _environment().get_template("report.html.j2").render(result=result) + "\n"


def chain(drill: DrillResult) -> Iterator[Fact]:
    """The evidence that the response, and nothing else, restored the service, in the order in which it was gathered."""
    phases = {phase.phase: phase for phase in drill.phases}
    if "baseline" in phases:
        yield Fact(phases["baseline"].answer, "before the fault every SLO held on both sides")
    if "fault" in phases:
        yield Fact(True, f"the fault was applied: {drill.fault}")
    if drill.symptoms and "symptoms" in phases:
        seen = sum(symptom.seen for symptom in drill.symptoms)
        yield Fact(seen == len(drill.symptoms), f"{seen} of {len(drill.symptoms)} documented symptoms were seen")
    if "response" in phases:
        failed = sum(step.verdict in ("failed", "refused") for step in drill.steps)
        yield Fact(not failed, f"{len(drill.steps)} steps of the runbook, {failed} of them failed or refused")
    if drill.outages:
        names = ", ".join(dict.fromkeys(outage.deployment or outage.probe for outage in drill.outages))
        yield Fact(False, f"the response broke what the incident does not concern: {names}")
    if "recovery" in phases:
        yield Fact(phases["recovery"].answer, f"the SLOs held again: {_recovered(drill)}")
    if drill.credit is not None:
        control = ", ".join(drill.credit.still_broken) or "nothing for certain"
        text = f"still broken on the control, on which nothing was done: {control}"
        yield Fact(drill.controlled or (False if drill.credit.self_healed else None), text)
        enough = drill.credit.alpha <= drill.credit_limit
        limits = f"p ≤ {drill.credit.alpha:.2g} (limit {drill.credit_limit:g})"
        yield Fact(enough or None, f"an incident that ends by itself explains this with {limits}")
    if "after-revert" in phases:
        yield Fact(phases["after-revert"].answer, "after the revert the SLOs still held")


def _recovered(drill: DrillResult) -> str:
    seconds = drill.times.recover_s
    return "not within the phase" if seconds is None else f"{show_seconds(seconds)} after the fault"


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

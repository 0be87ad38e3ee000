"""What is drawn on a page: plots with a common horizontal axis, as data for the page's script and in words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from harness.verdict.charts import Limit, Mark, Phase

Style = Literal["treatment", "second", "control"]
"""A colour of report.css, with the line that goes with it: thick, thin, dashed."""
Ends = tuple[float | None, float | None]
"""The ends of an interval; None: there is none, or it is open there."""


@dataclass(frozen=True)
class Curve:
    """One curve: a value for each place of the plot, None where there is none, and perhaps an interval for each.

    With `dots` every value is a dot, and its interval a bar; otherwise the intervals are a band.
    """

    name: str
    style: Style
    values: tuple[float | None, ...]
    dots: bool = False
    intervals: tuple[Ends, ...] = ()


@dataclass(frozen=True)
class Plot:
    """One quantity along the axis of its group; `unit` follows each value."""

    title: str
    unit: str
    at: tuple[float, ...]
    curves: tuple[Curve, ...]
    limits: tuple[Limit, ...] = ()
    within: tuple[float, ...] = (0.0,)
    """What the vertical axis contains as well as all values and limits. Intervals beyond it are cut."""


@dataclass(frozen=True)
class PlotGroup:
    """Plots with one horizontal axis: seconds, or with `names` one place per name, at 0, 1, 2…

    `ticks` are what stands below these places.
    """

    id: str
    plots: tuple[Plot, ...]
    begin: float = 0.0
    end: float = 1.0
    phases: tuple[Phase, ...] = ()
    marks: tuple[Mark, ...] = ()
    names: tuple[str, ...] = ()
    ticks: tuple[str, ...] = ()


def group_of_seconds(
    id_: str, plots: Sequence[Plot], phases: Sequence[Phase] = (), marks: Sequence[Mark] = ()
) -> PlotGroup:
    """Plots over seconds, from the first place of any to the last one."""
    ends = [place for plot in plots for place in (plot.at[0], plot.at[-1])]
    return PlotGroup(id_, tuple(plots), min(ends, default=0.0), max(ends, default=1.0), tuple(phases), tuple(marks))


def group_of_names(id_: str, plots: Sequence[Plot], names: Sequence[str], ticks: Sequence[str]) -> PlotGroup:
    """Plots with one place per name."""
    return PlotGroup(id_, tuple(plots), -0.5, len(names) - 0.5, names=tuple(names), ticks=tuple(ticks))


def known_ends(curves: Sequence[Curve]) -> tuple[float, ...]:
    """The ends of all intervals, without open ones."""
    return tuple(end for curve in curves for ends in curve.intervals for end in ends if end is not None)


def drawn(group: PlotGroup) -> dict[str, object]:
    """A group for the page's script, as JSON."""
    return asdict(group)


def described(plot: Plot) -> str:
    """A plot in words, for people who do not see it: the range of each curve, and the limits."""
    curves = (_described(curve, plot.unit) for curve in plot.curves)
    return f"{plot.title}. {'; '.join([*curves, *(f'limit {limit.text}' for limit in plot.limits)])}"


def _described(curve: Curve, unit: str) -> str:
    values = [value for value in curve.values if value is not None]
    if not values:
        return f"{curve.name}: no data"
    return f"{curve.name}: {min(values):g} to {max(values):g} {unit}".rstrip()


def anchor(name: str, kind: str = "drill") -> str:
    """An id of an element: the name with all but letters, digits and hyphens replaced."""
    return f"{kind}-{re.sub(r'[^A-Za-z0-9-]', '-', name)}"

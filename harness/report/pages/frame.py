"""The frame of every page: templates in assets/, with styles and scripts inside, so that it opens offline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.report.pages.plots import anchor, described, drawn

ASSETS = Path(__file__).parents[1] / "assets"


Filters = Mapping[str, Callable[..., object]]


def page(template: str, filters: Filters, **values: object) -> str:
    """A page from its template and its values. Everything is escaped but our own assets."""
    environment = _environment().overlay()
    environment.filters = {**environment.filters, **filters}
    return environment.get_template(template).render(values) + "\n"


@cache
def _environment() -> Environment:
    """Jinja with all that the frame and the plots use."""
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(anchor=anchor, described=described, drawn=drawn)
    environment.globals.update(
        style=_asset("report.css"), script=_asset("report.js"), plot_style=_asset("uPlot.min.css"),
        plot_script=_asset("uPlot.iife.min.js"),
    )  # fmt: skip
    return environment


def _asset(name: str) -> Markup:
    return Markup((ASSETS / name).read_text(encoding="utf-8"))  # noqa: S704  our own file

"""Checks a Grafana line without a Grafana: by the file of its dashboard, whose queries are asked of a Prometheus."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from pathlib import Path

from harness.errors import MonitoringError
from harness.observability.boards import Found, Window
from harness.observability.panels import Points, Query, judge, queries_of
from harness.observability.prometheus import Prometheus, check_clock

STEP_S = 1.0


def check_file(prometheus: Prometheus, folder: Path, title: str, window: Window) -> Found:
    """What the dashboard with this title in `folder` shows of the incident; a Prometheus without answer: `unknown`."""
    files = dashboards_in(folder)
    if title.casefold() not in files:
        return Found("failed", f"no file in {folder} has a dashboard titled `{title}`")
    path, dashboard = files[title.casefold()]
    try:
        check_clock(prometheus)
    except MonitoringError as error:
        return Found("unknown", str(error))
    where = f"`{title}` of {path.name} (no Grafana was asked)"
    return judge(where, queries_of(dashboard), lambda query: _ask(prometheus, query, window))


def dashboards_in(folder: Path) -> Mapping[str, tuple[Path, Mapping[str, object]]]:
    """The files of a folder and its dashboards, by title in lower case. Raises MonitoringError for one without JSON."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            dashboard = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise MonitoringError(f"{path}: no dashboard in JSON ({error})") from None
        if isinstance(dashboard, dict) and isinstance(dashboard.get("title"), str):
            found[dashboard["title"].casefold()] = (path, dashboard)
    return found


def _ask(prometheus: Prometheus, query: Query, window: Window) -> Points:
    series = prometheus.over(query.expression, window.start_s, window.end_s, STEP_S)
    return [value for each in series for _, value in each.points if isfinite(value)]

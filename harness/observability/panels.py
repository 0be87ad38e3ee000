"""The queries of a Grafana dashboard's panels, with its variables put in, and the judgement of their answers.

The form of a dashboard is that of Grafana's JSON model
(https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import MonitoringError
from harness.observability.boards import Found

INTERVALS: Mapping[str, str] = {
    "__rate_interval": "1m",
    "__interval": "15s",
    "__interval_ms": "15000",
    "__range": "15m",
    "__range_s": "900",
}
"""What Grafana itself puts in, for a dashboard of the last minutes."""
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|(\w+))|\[\[(\w+)\]\]")
Points = Sequence[float]
"""The values of all series that a query found, in one list."""


@dataclass(frozen=True)
class Query:
    """One query of a panel; `datasource` is the uid of where it is asked, "" for the default."""

    panel: str
    ref: str
    expression: str
    datasource: str = ""
    target: Mapping[str, object] = field(default_factory=dict, compare=False)
    """As it stands in the dashboard, with the variables put in."""


def queries_of(dashboard: Mapping[str, object]) -> list[Query]:
    """Every query that is not hidden, of every panel, also of those in rows."""
    variables = {**INTERVALS, **_variables(dashboard)}
    return [query for panel in _panels(dashboard) for query in _of_panel(panel, variables)]


def judge(where: str, queries: Sequence[Query], ask: Callable[[Query], Points]) -> Found:
    """Ask every query: each must have data, and something must move. `ask` raises MonitoringError for a refusal."""
    if not queries:
        return Found("failed", f"{where} has no panel with a query")
    problems, moved = [], 0
    for query in queries:
        try:
            values = ask(query)
        except MonitoringError as error:
            problems.append(f"panel `{query.panel}`: {error}")
            continue
        if not values:
            problems.append(f"panel `{query.panel}`: `{query.expression}` has no data in the incident")
        moved += len(set(values)) > 1
    if problems:
        return Found("failed", f"{where}: {'; '.join(problems)}")
    if not moved:
        return Found("failed", f"{where}: nothing in its {_count(queries)} moved during the incident")
    have = "has" if len(queries) == 1 else "have"
    return Found("ok", f"{where}: its {_count(queries)} {have} data in the incident, and {moved} moved")


def _count(queries: Sequence[Query]) -> str:
    return "1 query" if len(queries) == 1 else f"{len(queries)} queries"


def _panels(dashboard: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    for panel in _mappings(dashboard.get("panels")):
        yield panel
        yield from _panels(panel)  # a row that is closed has its panels inside


def _of_panel(panel: Mapping[str, object], variables: Mapping[str, str]) -> Iterator[Query]:
    title = str(panel.get("title") or panel.get("id") or "without a title")
    for target in _mappings(panel.get("targets")):
        if target.get("hide"):
            continue
        whole = {key: _put_in(value, variables) for key, value in target.items()}
        text = next((str(whole[key]) for key in ("expr", "query", "rawSql") if whole.get(key)), "")
        datasource = _uid(whole.get("datasource"), variables) or _uid(panel.get("datasource"), variables)
        yield Query(title, str(target.get("refId") or "A"), text, datasource, whole)


def _uid(datasource: object, variables: Mapping[str, str]) -> str:
    if isinstance(datasource, Mapping):
        datasource = datasource.get("uid")
    return str(_put_in(datasource, variables)) if isinstance(datasource, str) else ""


def _variables(dashboard: Mapping[str, object]) -> dict[str, str]:
    """The current value of each variable; of several values, and of all, a regular expression."""
    templating = dashboard.get("templating")
    found = {}
    for each in _mappings(templating.get("list") if isinstance(templating, Mapping) else None):
        current = each.get("current")
        value = current.get("value") if isinstance(current, Mapping) else None
        found[str(each.get("name"))] = _text(value, str(each.get("allValue") or ".*"))
    return found


def _text(value: object, all_values: str) -> str:
    values = [str(each) for each in value] if isinstance(value, list) else [str(value or "")]
    if "$__all" in values:
        return all_values
    return values[0] if len(values) == 1 else f"({'|'.join(values)})"


def _put_in(value: object, variables: Mapping[str, str]) -> object:
    if not isinstance(value, str):
        return value
    return _VARIABLE.sub(lambda match: variables.get(next(filter(None, match.groups())), match[0]), value)


def _mappings(data: object) -> list[Mapping[str, object]]:
    return [each for each in data if isinstance(each, Mapping)] if isinstance(data, list) else []

"""Checks a line such as "Grafana: Service Latency Dashboard" through Grafana's HTTP API, and writes annotations.

The title leads to the dashboard, the dashboard to its panels, and each of their queries is asked as Grafana does
(https://grafana.com/docs/grafana/latest/developers/http_api/: search, dashboard, data_source, annotations).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from harness.errors import MonitoringError
from harness.observability.api import Api
from harness.observability.boards import Found, Window
from harness.observability.panels import Points, Query, judge, queries_of

POINTS = 200


def check_dashboard(api: Api, title: str, window: Window) -> Found:
    """What Grafana has of a dashboard. Never raises for its answers: a refusal is `unknown`, with the reason."""
    try:
        found = _search(api, title)
        same = [each for each in found if str(each.get("title", "")).casefold() == title.casefold()]
        if not same:
            near = ", ".join(f"`{each.get('title')}`" for each in found[:3])
            return Found("failed", f"no dashboard is titled `{title}`{f'; there is {near}' if near else ''}")
        uid = str(same[0].get("uid"))
        queries = queries_of(_dashboard(api, uid))
    except MonitoringError as error:
        return Found("unknown", str(error))
    several = f"{len(same)} dashboards are titled `{title}`; the first one was checked" if len(same) > 1 else ""
    judged = judge(f"`{title}` (uid {uid})", queries, lambda query: _ask(api, query, window))
    return Found(judged.verdict, judged.why, several)


def annotate(api: Api, start_s: float, end_s: float, text: str, tags: Sequence[str]) -> None:
    """Write a region annotation, times in seconds since the epoch. Raises MonitoringError."""
    api.post(
        "/api/annotations",
        {"time": round(start_s * 1000), "timeEnd": round(end_s * 1000), "tags": list(tags), "text": text},
    )


def _search(api: Api, title: str) -> list[Mapping[str, object]]:
    """The dashboards whose titles have something in common with `title`."""
    found = api.get("/api/search", type="dash-db", query=title)
    found = found or api.get("/api/search", type="dash-db", query=title.split(maxsplit=1)[0])
    if not isinstance(found, list):
        raise api.error("/api/search answered no list; is that a Grafana?")
    return [each for each in found if isinstance(each, Mapping)]


def _dashboard(api: Api, uid: str) -> Mapping[str, object]:
    found = api.get(f"/api/dashboards/uid/{uid}")
    dashboard = found.get("dashboard") if isinstance(found, Mapping) else None
    if not isinstance(dashboard, Mapping):
        raise api.error(f"/api/dashboards/uid/{uid} answered no dashboard; is that a Grafana?")
    return dashboard


def _ask(api: Api, query: Query, window: Window) -> Points:
    """The values of a query as a panel gets them. Raises MonitoringError for its error."""
    datasource = query.datasource or _default_datasource(api)
    asked = {**query.target, "refId": query.ref, "datasource": {"uid": datasource}, "maxDataPoints": POINTS}
    times = {"from": str(round(window.start_s * 1000)), "to": str(round(window.end_s * 1000))}
    answer = api.post("/api/ds/query", {"queries": [{**asked, "intervalMs": 1000, "range": True}], **times})
    results = answer.get("results") if isinstance(answer, Mapping) else None
    result = results.get(query.ref) if isinstance(results, Mapping) else None
    if not isinstance(result, Mapping):
        raise api.error(f"/api/ds/query has no result of query {query.ref}")
    if result.get("error"):
        raise MonitoringError(f"`{query.expression}`: {result['error']}")
    return [value for frame in _list(result.get("frames")) for value in _values(frame)]


def _default_datasource(api: Api) -> str:
    for each in _list(api.get("/api/datasources")):
        if isinstance(each, Mapping) and each.get("isDefault"):
            return str(each.get("uid"))
    raise api.error("it has no default data source")


def _values(frame: object) -> list[float]:
    """The numbers of a data frame; its first field has the times."""
    data = frame.get("data") if isinstance(frame, Mapping) else None
    fields = _list(data.get("values")) if isinstance(data, Mapping) else []
    numbers = [value for each in fields[1:] for value in _list(each)]
    return [float(value) for value in numbers if isinstance(value, int | float) and isfinite(value)]


def _list(data: object) -> list[object]:
    return data if isinstance(data, list) else []

"""Grafana lines through the HTTP API, against a small server that answers as Grafana documents it: no Grafana runs."""

from __future__ import annotations

import pytest

from harness.errors import MonitoringError
from harness.observability.api import Api
from harness.observability.boards import Found, Window
from harness.observability.grafana import annotate, check_dashboard
from tests.support.grafana import Grafana, dashboard, running

WINDOW = Window(1000.0, 1060.0)


def checked(grafana: Grafana, title: str = "Web Dashboard", token: str = "right") -> Found:
    with running(grafana) as server:
        return check_dashboard(Api("Grafana", server.url, "--grafana-url", token), title, WINDOW)


def test_every_query_of_every_panel_has_data() -> None:
    grafana = Grafana({"u1": dashboard("Web Dashboard", "rate(a[1m])", "b")}, {"rate(a[1m])": [1.0, 2.0], "b": [3.0]})
    assert checked(grafana) == Found(
        "ok", "`Web Dashboard` (uid u1): its 2 queries have data in the incident, and 1 moved"
    )


@pytest.mark.parametrize(
    ("title", "data", "fact"),
    [
        ("Web Dashboard", {"a": [1.0, 2.0]}, "panel `panel 2`: `b` has no data in the incident"),
        (
            "Web Dashboard",
            {"a": [1.0, 2.0], "b": "bad_data: parse error"},
            "panel `panel 2`: `b`: bad_data: parse error",
        ),
        ("Web Dashboard", {"a": [1.0, 1.0], "b": [2.0]}, "nothing in its 2 queries moved during the incident"),
        ("Shop Dashboard", {}, "no dashboard is titled `Shop Dashboard`"),
        ("Web Dashboards", {}, "no dashboard is titled `Web Dashboards`; there is `Web Dashboard`"),
    ],
)
def test_what_is_wrong_with_a_dashboard_is_named(title: str, data: dict[str, list[float] | str], fact: str) -> None:
    found = checked(Grafana({"u1": dashboard("Web Dashboard", "a", "b")}, data), title)
    assert found.verdict == "failed"
    assert fact in found.why


def test_a_title_that_two_dashboards_have_is_a_finding() -> None:
    two = {uid: dashboard("Web Dashboard", "a") for uid in ("u1", "u2")}
    found = checked(Grafana(two, {"a": [1.0, 2.0]}))
    assert (found.verdict, found.finding) == (
        "ok",
        "2 dashboards are titled `Web Dashboard`; the first one was checked",
    )


def test_an_empty_dashboard_shows_nothing() -> None:
    assert (
        checked(Grafana({"u1": dashboard("Web Dashboard")})).why == "`Web Dashboard` (uid u1) has no panel with a query"
    )


def test_variables_rows_and_data_sources() -> None:
    inside = {"title": "inside", "targets": [{"refId": "B", "expr": "b", "datasource": {"uid": "$source"}}]}
    hidden = {"title": "hidden", "targets": [{"refId": "A", "expr": "absent", "hide": True}]}
    names = {"name": "job", "current": {"value": ["web", "shop"]}}, {"name": "source", "current": {"value": "s7"}}
    every = {"name": "pod", "current": {"value": ["$__all"]}, "allValue": ".+"}
    whole = dashboard(
        "Web Dashboard", 'rate(a{job=~"$job",pod=~"[[pod]]"}[$__rate_interval])', templating={"list": [*names, every]}
    )
    whole["panels"] = [*whole["panels"], hidden, {"type": "row", "panels": [inside]}]  # type: ignore[misc]
    asked_for = 'rate(a{job=~"(web|shop)",pod=~".+"}[1m])'
    with running(Grafana({"u1": whole}, {asked_for: [1.0, 2.0], "b": [1.0]})) as server:
        found = check_dashboard(Api("Grafana", server.url, "", "right"), "Web Dashboard", WINDOW)
    assert found.verdict == "ok", found.why
    bodies = [each.body for each in server.asked if each.path == "/api/ds/query"]
    assert [body["queries"][0]["datasource"] for body in bodies] == [{"uid": "main"}, {"uid": "s7"}]  # type: ignore[index]
    assert (bodies[0]["from"], bodies[0]["to"]) == ("1000000", "1060000")  # type: ignore[index]


def test_a_wrong_token_and_a_grafana_that_is_none_are_no_answer() -> None:
    found = checked(Grafana({}), token="wrong")
    assert found.verdict == "unknown"
    assert "it refuses the token (HTTP 401); set GRAFANA_TOKEN to one that may read" in found.why
    absent = check_dashboard(Api("Grafana", "http://127.0.0.1:1", "--grafana-url"), "Web Dashboard", WINDOW)
    assert absent.verdict == "unknown"
    assert "check --grafana-url" in absent.why


def test_an_annotation_is_a_region_with_tags() -> None:
    grafana = Grafana({})
    with running(grafana) as server:
        annotate(Api("Grafana", server.url, "", "right"), 10.0, 12.5, "fault", ["gameday", "DOWN"])
        with pytest.raises(MonitoringError, match="refuses the token"):
            annotate(Api("Grafana", server.url, "", "wrong"), 10.0, 12.5, "fault", [])
    assert grafana.annotations == [{"time": 10000, "timeEnd": 12500, "tags": ["gameday", "DOWN"], "text": "fault"}]

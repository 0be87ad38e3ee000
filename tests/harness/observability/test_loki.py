"""Log lines counted in a Loki: a stand-in that answers as its documented API does, and a real one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from harness.errors import MonitoringError
from harness.http import call
from harness.machine.loopback import free_port
from harness.measures.probe import LogProbe
from harness.observability.api import Api
from harness.observability.log_lines import LogLines
from harness.observability.loki import Lines, Loki, check_clock
from harness.platforms.base import Platform
from tests.support.answering import answering
from tests.support.loki import Loki as StandIn
from tests.support.loki import pushed, running
from tests.support.real_loki import real_loki

SELECTOR = '{namespace="$namespace",app="$deployment"}'
LABELS = {"namespace": "shop", "app": "web"}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real Loki."""
    with real_loki(tmp_path_factory.mktemp("loki")) as url:
        yield url


@pytest.fixture(params=["stand-in", pytest.param("real", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a Loki, of each kind."""
    if request.param == "real":
        yield request.getfixturevalue("real")
        return
    with running(StandIn()) as server:
        yield server.url


def push(url: str, app: str, *lines: str, at_s: float | None = None) -> None:
    """Write lines to the log of a Deployment; every test has one of its own, as a real Loki is shared."""
    body = pushed({**LABELS, "app": app}, *lines, at_s=at_s)
    assert call("POST", f"{url}/loki/api/v1/push", body, timeout_s=10).status == 204


class Clock:
    """A clock that a test sets; it begins now, as Loki refuses lines that are too old."""

    def __init__(self) -> None:

        self.now_s = time.time()

    def __call__(self) -> float:
        return self.now_s


def counting(url: str, clock: Clock, namespace: str = "shop", selector: str = SELECTOR) -> LogLines:
    return LogLines(Loki(Api("Loki", url, "--loki-url")), selector, namespace, clock)


def probe(deployment: str, pattern: str = "timeout") -> LogProbe:
    return LogProbe(f"logs({deployment}, {pattern})", deployment, pattern)


def test_the_matching_lines_are_counted_from_the_start_on(url: str) -> None:
    clock = Clock()
    push(url, "grows", "timeout before the side was there", at_s=clock.now_s - 5)
    lines = counting(url, clock)
    clock.now_s += 1
    assert lines.count(probe("grows")) == 0
    push(url, "grows", "Timeout of a call", 'a "quoted\\" TIMEOUT', "nothing", at_s=clock.now_s)
    clock.now_s += 1
    assert lines.count(probe("grows")) == 2
    assert lines.count(probe("grows", r'"quoted\\" time')) == 1, "quotes and backslashes are as in the condition"
    assert lines.count(probe("grows", "no such line")) == 0


def test_a_count_is_about_one_side_and_one_deployment(url: str) -> None:
    clock = Clock()
    lines = counting(url, clock)
    clock.now_s += 1
    push(url, "here", "timeout", at_s=clock.now_s)
    push(url, "there", "timeout", "timeout", at_s=clock.now_s)
    assert (lines.count(probe("here")), lines.count(probe("there"))) == (1, 2)


def test_a_selector_without_streams_is_no_count(url: str) -> None:
    clock = Clock()
    push(url, "known", "timeout", at_s=clock.now_s)
    clock.now_s += 1
    with pytest.raises(MonitoringError) as caught:
        counting(url, clock).count(probe("unknown"))
    assert 'no stream matches `{namespace="shop",app="unknown"}`; set `loki.selector` in gameday.yaml' in str(
        caught.value
    )
    assert "it has: app, namespace" in str(caught.value)
    with pytest.raises(MonitoringError, match="no stream matches"):
        counting(url, clock, "shop-control").count(probe("known"))


def test_lines_of_another_clock_are_no_count(url: str) -> None:
    clock = Clock()
    push(url, "ahead", "timeout", at_s=clock.now_s + 60)
    with pytest.raises(MonitoringError, match=r"is [56]\d\.\d s in the future of this machine's clock"):
        counting(url, clock).count(probe("ahead"))


def test_what_loki_refuses_is_named(url: str) -> None:
    now_s = time.time()  # before its first schema, a real Loki answers "none" whatever the expression is
    with pytest.raises(MonitoringError, match=r"HTTP 400: .*error parsing regexp"):
        Loki(Api("Loki", url, "--loki-url")).count(Lines('{app="web"}', "(?=look ahead)"), now_s - 1, now_s)


def test_a_clock_that_agrees_is_none_that_is_apart(url: str) -> None:
    check_clock(Api("Loki", url, "--loki-url"))


def test_a_count_never_falls() -> None:
    clock, stand_in = Clock(), StandIn()
    with running(stand_in) as server:
        lines = counting(server.url, clock)
        clock.now_s += 1
        push(server.url, "web", "timeout", "timeout", at_s=clock.now_s)
        assert lines.count(probe("web")) == 2
        stand_in.streams.clear()
        assert lines.count(probe("web")) == 2, "a replica that lags would look like a counter that starts again"


def test_lines_that_the_pods_have_written_and_loki_has_not_are_a_finding(tmp_path: Path) -> None:
    clock, log = Clock(), tmp_path / "web-1" / "0.log"
    log.parent.mkdir()
    log.write_text("timeout\n" * 10 + "other\n")
    platform = cast(Platform, SimpleNamespace(log_files=lambda deployment: [log]))
    with running(StandIn()) as server:
        lines = counting(server.url, clock)
        clock.now_s += 1
        push(server.url, "web", *["timeout"] * 4, at_s=clock.now_s)
        lines.count(probe("web"))
        assert list(lines.lost(platform)) == [
            "Loki has 4 of the 10 lines of `logs(web, timeout)` that the pods have written; does its collector read "
            "all of them, and without delay?"
        ]
        push(server.url, "web", "timeout", at_s=clock.now_s)
        lines.count(probe("web"))
        assert list(lines.lost(platform)) == []


def test_a_loki_with_a_token_and_tenants(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(StandIn(token="right")) as server:
        with pytest.raises(MonitoringError, match=r"it refuses the token \(HTTP 401\); set LOKI_TOKEN"):
            Loki(Api.named_by_user("Loki", server.url)).count(Lines("{}", "x"), 0.0, 1.0)
        monkeypatch.setenv("LOKI_TOKEN", "right")
        monkeypatch.setenv("LOKI_ORG_ID", "team-a")
        api = Api.named_by_user("Loki", server.url)
        assert Loki(api).count(Lines('{app="web"}', "x"), 0.0, 1.0) == 0
        assert server.asked[-1].headers["X-Scope-OrgID"] == "team-a"
        assert "right" not in repr(api)


@pytest.mark.parametrize(
    ("status", "body", "fact"),
    [
        (404, "404 page not found", "is --loki-url the base URL of a Loki?"),
        (200, "<html>", "answered no JSON; is that the right URL?"),
        (200, {"status": "error"}, "answered without `status: success`; is that a Loki?"),
        (200, {"status": "success", "data": {"resultType": "matrix", "result": []}}, "answered no vector"),
        (
            200,
            {"status": "success", "data": {"resultType": "vector", "result": [{}]}},
            "was not answered by one number",
        ),
    ],
)
def test_what_is_no_loki_is_no_count(status: int, body: object, fact: str) -> None:
    with answering(lambda asked: (status, body)) as server, pytest.raises(MonitoringError) as caught:
        Loki(Api("Loki", server.url, "--loki-url")).count(Lines('{app="web"}', "x"), 0.0, 1.0)
    assert fact in str(caught.value)


@pytest.mark.parametrize(("date", "fact"), [("2038", "ahead of"), ("2001", "behind")])
def test_a_clock_that_is_apart_is_named(date: str, fact: str) -> None:
    dated = {"Date": f"Fri, 05 Jan {date} 12:00:00 GMT"}
    with answering(lambda asked: (200, {}), dated) as server, pytest.raises(MonitoringError, match=f"s {fact} that of"):
        check_clock(Api("Loki", server.url, "--loki-url"))


def test_a_loki_that_does_not_answer_is_named() -> None:
    with pytest.raises(MonitoringError, match=r"it does not answer .*; check --loki-url"):
        check_clock(Api("Loki", f"http://127.0.0.1:{free_port()}", "--loki-url"))

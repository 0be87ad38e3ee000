"""The client of Prometheus: answers that are none, tokens, and clocks that are apart, against a small server."""

from __future__ import annotations

import time
from collections.abc import Mapping

import pytest

from harness.errors import MonitoringError
from harness.observability.api import Api
from harness.observability.boards import Window
from harness.observability.metric_lines import check_metric
from harness.observability.prometheus import Prometheus
from tests.support.answering import Answer, Asked, answering

WINDOW = Window(1000.0, 1010.0)


def data(kind: str, result: object) -> tuple[int, object]:
    return 200, {"status": "success", "data": {"resultType": kind, "result": result}}


def one(value: str, labels: Mapping[str, str] | None = None) -> dict[str, object]:
    return {"metric": labels or {}, "value": [1000.0, value]}


def answers(answer: tuple[int, object]) -> Answer:
    return lambda asked: answer


@pytest.mark.parametrize(
    ("answer", "fact"),
    [
        (data("vector", []), "`x` has no data now"),
        (data("vector", [one("NaN")]), "`x` has no finite number now"),
        (
            data("vector", [one("1", {"pod": "a"}), one("2", {"pod": "b"})]),
            "has 2 series; a condition needs one number",
        ),
        (data("matrix", []), "`x` is a matrix"),
        ((400, {"status": "error", "error": "bad"}), "HTTP 400: "),
        ((200, {"data": {}}), "without `status: success`; is that a Prometheus?"),
        ((200, "<html>"), "answered no JSON; is that the right URL?"),
        ((200, {"status": "success", "data": {"result": []}}), "has no `resultType`"),
    ],
)
def test_what_is_no_number_is_an_error(answer: tuple[int, object], fact: str) -> None:
    with answering(answers(answer)) as server, pytest.raises(MonitoringError) as caught:
        Prometheus(Api("Prometheus", server.url, "--prometheus-url")).value("x")
    assert fact in str(caught.value)


def test_a_number_of_a_vector_and_of_a_scalar() -> None:
    with answering(answers(data("vector", [one("2.5")]))) as server:
        assert Prometheus(Api("Prometheus", server.url, "")).value("x") == 2.5
    with answering(answers(data("scalar", [1000.0, "7"]))) as server:
        assert Prometheus(Api("Prometheus", server.url, "")).value("x") == 7


def test_the_token_is_sent_and_its_refusal_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(asked: Asked) -> tuple[int, object]:
        return data("scalar", [1.0, "1"]) if asked.authorization == "Bearer right" else (401, "who are you?")

    with answering(answer) as server:
        monkeypatch.setenv("PROMETHEUS_TOKEN", "right")
        right = Api.named_by_user("Prometheus", f"{server.url}/")
        assert Prometheus(right).value("x") == 1
        assert "right" not in repr(right)
        monkeypatch.setenv("PROMETHEUS_TOKEN", "wrong")
        found = check_metric(Prometheus(Api.named_by_user("Prometheus", server.url)), "x_total", WINDOW, ())
    assert found.verdict == "unknown"
    assert "it refuses the token (HTTP 401); set PROMETHEUS_TOKEN to one that may read" in found.why
    assert "wrong" not in found.why


@pytest.mark.parametrize("url", ["ftp://x", "prometheus:9090", "http://me:secret@x", "http://x/?a=b"])
def test_a_url_that_is_none_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(MonitoringError, match="--prometheus-url: ") as caught:
        Api.named_by_user("Prometheus", url)
    assert "secret" not in str(caught.value)


def test_a_prometheus_that_is_not_there() -> None:
    found = check_metric(Prometheus(Api.named_by_user("Prometheus", "http://127.0.0.1:1")), "x", WINDOW, ())
    assert found.verdict == "unknown"
    assert "it does not answer (ConnectionRefusedError" in found.why
    assert "check --prometheus-url" in found.why


@pytest.mark.parametrize(("ahead_s", "word"), [(60.0, "60.0 s ahead of"), (-60.0, "60.0 s behind")])
def test_clocks_that_are_apart_are_named(ahead_s: float, word: str) -> None:
    with answering(lambda asked: data("scalar", [0.0, str(time.time() + ahead_s)])) as server:
        found = check_metric(Prometheus(Api("Prometheus", server.url, "")), "x", WINDOW, ())
    assert found.verdict == "unknown"
    assert f"its clock is {word}" in found.why

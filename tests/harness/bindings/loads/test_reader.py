"""`loads:` of a bindings file: what it becomes, and every problem with file, line and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import LoadSpec, load
from harness.bindings.loads import LoadRequest
from harness.errors import BindingError

FILE = """\
version: 1
slos: {fast: p95(checkout) < 500ms}
faults: {surge: [{at: load, fault: surge, factor: 2}]}
loads:
  checkout: LOAD
runbooks:
  SLOW: {scenario: checkout, service: web, series: checkout, fault: surge, slos: [fast]}
"""
CART = (
    "{send: POST /cart, body: '{\"item\": 1}', headers: {X-A: b}, status: 201, share: 0.2, timeout_s: 5, series: cart}"
)


def bound(folder: Path, text: str, runbook: str = "") -> LoadSpec:
    """The load of the runbook whose scenario is `checkout`, defined by this text."""
    whole = FILE.replace("LOAD", text).replace("slos: [fast]}", f"slos: [fast]{runbook}}}")
    (folder / "gameday.yaml").write_text(whole, encoding="utf-8")
    found = load(folder / "gameday.yaml").runbooks["SLOW"]
    assert found.load is not None
    return found.load


def problems(folder: Path, text: str) -> list[str]:
    """The problems of a load, without the file and the path of its key."""
    with pytest.raises(BindingError) as refused:
        bound(folder, text)
    lines = str(refused.value).split("\n")[:-1]
    assert all(line.startswith(f"{folder}/gameday.yaml:5:") for line in lines)
    return [line.split(": loads.checkout", 1)[1].lstrip(".") for line in lines]


def test_requests_have_their_shares_and_what_the_answers_must_be(tmp_path: Path) -> None:
    spec = bound(tmp_path, f"{{rate: 50, requests: ['GET /checkout?a=b', {CART}]}}")
    assert spec.requests == (
        LoadRequest("GET", "/checkout?a=b", share=0.8),
        LoadRequest("POST", "/cart", {"X-A": "b"}, '{"item": 1}', (201, 201), 0.2, 5.0, "cart"),
    )
    assert (spec.name, spec.series, spec.rate_per_s) == ("checkout", ("checkout", "cart"), 50)
    assert spec.text == "50/s: GET /checkout?a=b 80 %, POST /cart 20 %"


def test_requests_without_a_share_have_equal_parts_of_the_rest(tmp_path: Path) -> None:
    spec = bound(tmp_path, "{rate: 1, requests: [{send: GET /a, share: 0.5}, GET /b, GET /c]}")
    assert [each.share for each in spec.requests] == [0.5, 0.25, 0.25]


def test_rate_of_the_runbook_comes_before_that_of_the_load(tmp_path: Path) -> None:
    for runbook, rate in (("", 50), (", rate: 70", 70)):
        bound(tmp_path, "{rate: 50, requests: [GET /]}", runbook)
        assert load(tmp_path / "gameday.yaml").runbooks["SLOW"].rate == rate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{rate: 50}", "give requests or openapi or access_log"),
        ("{rate: 1, requests: [GET /], openapi: a}", "requests and openapi exclude each other; keep one"),
        ("{requests: [GET /]}", "rate: missing; add it"),
        ("{rate: 0, requests: [GET /]}", "rate: expected a number above 0, got `0`"),
        ("{rate: 1, requests: []}", "requests: expected at least 1 item, got 0"),
        ("{rate: 1, requests: [FETCH /]}", "requests[0]: `FETCH /` is no request; write METHOD /PATH, such as"),
        ("{rate: 1, requests: [GET checkout]}", "requests[0]: `GET checkout` is no request"),
        ("{rate: 1, requests: [{send: GET /, statuses: 200}]}", "requests[0].statuses: unknown key"),
        ("{rate: 1, requests: [{send: GET /, status: 99}]}", "requests[0].status: expected a status from 100 to 599"),
        ("{rate: 1, requests: [{send: POST /, body: a=b}]}", "requests[0].body: not JSON: Expecting value"),
        ("{rate: 1, requests: [{send: GET /, headers: {Host: b}}]}", "headers.Host: `Host` is set by the load"),
        ("{rate: 1, requests: [{send: GET /, headers: {a b: c}}]}", "headers.a b: `a b` is no header name"),
        ('{rate: 1, requests: [{send: GET /, headers: {A: "b\\r\\nC: d"}}]}', "A: has a character that a header"),
        ("{rate: 1, requests: [{send: GET /, series: a/b}]}", "series: `a/b` is not a valid name for a series"),
        ("{rate: 1, requests: [{send: GET /, share: 0.5}]}", "requests: the shares add up to 0.5; they must"),
        ("{rate: 1, requests: [{send: GET /, share: 1}, GET /b]}", "so that nothing is left for the others"),
        ("{access_log: a.log, rate: fast}", "rate: expected a number above 0 or `as recorded`, got `fast`"),
        ("{access_log: a.log, rate: 1}", "access_log: {}/a.log: cannot be read (No such file or directory)"),
        ("{openapi: a.yaml, operation: x, rate: 1}", "openapi: {}/a.yaml: cannot be read"),
    ],
)  # fmt: skip
def test_problem_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    (found,) = problems(tmp_path, text)
    assert expected.format(tmp_path) in found


def test_all_problems_of_a_load_are_named_at_once(tmp_path: Path) -> None:
    assert len(problems(tmp_path, "{rate: -1, requests: [GET, {send: GET /, status: 7, timeout_s: 0}]}")) == 4


def test_body_of_another_type_has_a_header_with_the_type(tmp_path: Path) -> None:
    form = "{send: POST /, body: a=b, headers: {content-type: application/x-www-form-urlencoded}}"
    (request,) = bound(tmp_path, f"{{rate: 1, requests: [{form}]}}").requests
    assert (request.body, request.headers) == ("a=b", {"content-type": "application/x-www-form-urlencoded"})


def test_name_of_a_load_is_no_file_name(tmp_path: Path) -> None:
    text = FILE.replace("LOAD", "{rate: 1, requests: [GET /]}").replace("checkout", "load.py")
    (tmp_path / "gameday.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(BindingError, match=r"loads\.load\.py: `load\.py` is not a valid name for a load"):
        load(tmp_path / "gameday.yaml")

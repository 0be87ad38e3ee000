"""Who may use the page, over real HTTP: token, cookie, Host, Origin, methods and the headers of every answer."""

from __future__ import annotations

import http.client
from collections.abc import Iterator

import pytest

from harness.listeners.web.guard import Access
from tests.support.live_page import Served, served

LOCUST = "http://127.0.0.1:8089"


@pytest.fixture(scope="module")
def page() -> Iterator[Served]:
    with served(frame_port=8089) as one:
        yield one


def test_the_first_url_gives_a_cookie_that_scripts_and_other_sites_do_not_get(page: Served) -> None:
    status, headers, _ = page.ask(f"/?token={page.page.access.token}")
    assert (status, headers["location"]) == (303, "/")
    assert "httponly" in headers["set-cookie"].lower()
    assert "samesite=strict" in headers["set-cookie"].lower()
    assert page.page.access.token not in headers["set-cookie"]
    cookie = headers["set-cookie"].partition(";")[0]
    assert page.ask("/", headers={"Cookie": cookie})[0] == 200


@pytest.mark.parametrize("path", ["/", "/assets/page.js", "/?token=wrong", "/?token=", "/nowhere"])
@pytest.mark.parametrize("cookie", ["", "{name}=wrong", "other={session}"])
def test_without_token_and_cookie_nothing_is_shown(page: Served, path: str, cookie: str) -> None:
    access = page.page.access
    sent = cookie.format(name=access.cookie, session=access.session)
    assert page.ask(path, headers={"Cookie": sent} if sent else {})[0] == 403


def test_without_the_cookie_there_is_no_stream(page: Served) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", page.port, timeout=20)
    connection.request("GET", "/events", headers={"Cookie": "other=value"})
    assert connection.getresponse().status == 403
    connection.close()


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "", "192.0.2.1:{port}"]
)
def test_a_foreign_host_is_refused_even_with_the_cookie(page: Served, host: str) -> None:
    status, _, text = page.ask("/", headers={"Host": host.format(port=page.port), "Cookie": page.cookie})
    assert status == 403
    assert "Host header" in text


@pytest.mark.parametrize("host", ["localhost", "[::1]", "127.0.0.1"])
def test_the_names_of_loopback_are_known(page: Served, host: str) -> None:
    assert page.ask("/", headers={"Host": f"{host}:{page.port}", "Cookie": page.cookie})[0] == 200


def test_on_another_address_addresses_are_known_and_foreign_names_are_not() -> None:
    access = Access("0.0.0.0", 80)
    assert access.knows("192.0.2.7:80")
    assert not access.knows("evil.example:80")
    assert Access("shop.example", 80).knows("shop.example:80")


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", LOCUST, "http://localhost:{port}", "https://127.0.0.1:{port}"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_foreign_origin_is_refused_even_with_the_cookie(page: Served, origin: str, method: str) -> None:
    path = "/act/inject" if method == "POST" else "/"
    headers = {"Origin": origin.format(port=page.port), "Cookie": page.cookie}
    assert page.ask(path, method, "{}" if method == "POST" else None, headers)[0] == 403
    assert page.controls.done == []


def test_an_action_needs_a_post_of_the_page_itself(page: Served) -> None:
    assert page.ask("/act/inject", headers=page.own())[0] == 405
    assert page.ask("/act/inject", "POST", "{}", {"Cookie": page.cookie})[0] == 403
    assert page.ask("/act/inject", "POST", "{}", {"Origin": f"http://127.0.0.1:{page.port}"})[0] == 403
    assert page.controls.done == []
    assert page.ask("/act/inject", "POST", '{"a": "b"}', page.own())[0] == 200
    assert page.controls.done == [("inject", {"a": "b"})]
    page.controls.done.clear()


@pytest.mark.parametrize("body", ["{", "[]", '{"a": 1}', "[" * 50_000, '{"a": "' + "x" * 70_000 + '"}', '"\\ud800"'])
def test_a_body_that_is_no_object_of_texts_is_refused(page: Served, body: str) -> None:
    assert page.ask("/act/inject", "POST", body, page.own())[0] == 400
    assert page.controls.done == []


def test_an_action_that_is_not_possible_says_why(page: Served) -> None:
    page.controls.refusal = "the fault is active <already>"
    status, _, text = page.ask("/act/inject", "POST", "{}", page.own())
    page.controls.refusal = ""
    assert (status, text) == (409, '{"error":"the fault is active <already>"}')


@pytest.mark.parametrize("path", ["/", "/assets/page.js", "/nowhere", "/events-not"])
@pytest.mark.parametrize("known", [True, False])
def test_every_answer_has_a_strict_policy(page: Served, path: str, known: bool) -> None:
    _, headers, _ = page.ask(path, headers=page.own() if known else {})
    policy = {part.split()[0]: part.split()[1:] for part in headers["content-security-policy"].split(";")}
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
    assert policy["frame-ancestors"] == [LOCUST]
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert headers["cache-control"] == "no-store"


def test_without_locust_no_page_may_frame_it() -> None:
    with served() as page:
        assert "frame-ancestors 'none'" in page.ask("/")[1]["content-security-policy"]


def test_the_page_has_no_inline_script_style_or_handler(page: Served) -> None:
    text = page.ask("/", headers=page.own())[2]
    assert "<script>" not in text
    assert "style=" not in text
    assert " on" not in text.lower().replace(" on ", "")

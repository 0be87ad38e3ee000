"""Delivery of notifications to a real HTTP server that answers, fails, hangs, redirects, or is not there."""

from __future__ import annotations

import socket
from base64 import b64encode

import pytest

from harness.listeners.webhooks import delivery
from harness.listeners.webhooks.base import shown
from harness.listeners.webhooks.delivery import Delivery
from tests.support.webhook_receiver import HANGS, Receiver, receiving

LIMIT_S = 20.0
QUICK = (0.01, 0.01, 0.01)


def delivered(receiver: Receiver, bodies: int = 1, limit_s: float = LIMIT_S) -> list[str]:
    sender = Delivery("alertmanager", receiver.url, timeout_s=0.3, backoffs_s=QUICK)
    for number in range(bodies):
        sender.put({"number": number})
    return list(sender.close(limit_s))


def test_bodies_arrive_in_order_as_json() -> None:
    with receiving(Receiver()) as receiver:
        assert delivered(receiver, 3) == []
    assert [body["number"] for body in receiver.bodies] == [0, 1, 2]
    assert {headers["Content-Type"] for headers in receiver.headers} == {"application/json"}


def test_user_and_password_of_the_url_are_sent_as_basic_authentication() -> None:
    with receiving(Receiver()) as receiver:
        named = Receiver(url=receiver.url.replace("http://", "http://on%20call:s3cret@"))
        assert delivered(named) == []
    assert receiver.headers[0]["Authorization"] == "Basic " + b64encode(b"on call:s3cret").decode()


def test_a_host_that_cannot_be_looked_up_is_noted() -> None:
    (note,) = delivered(Receiver(url=f"http://{'x' * 70}.invalid/"))
    assert "1 of 1 notifications failed" in note


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_failure_that_may_pass_is_tried_again(status: int) -> None:
    with receiving(Receiver((status, status, 202))) as receiver:
        assert delivered(receiver, 2) == []
    assert [body["number"] for body in receiver.bodies] == [0, 0, 0, 1]


def test_a_failure_that_stays_is_given_up_and_noted_without_the_secrets_of_the_url() -> None:
    with receiving(Receiver((500,))) as receiver:
        (note,) = delivered(receiver, 2)
        assert len(receiver.bodies) == 2 * (len(QUICK) + 1)
    where = receiver.url.partition("/hook")[0]
    assert note == f"alertmanager at {where}/…: 2 of 2 notifications failed: HTTP 500 (2)"


def test_a_refusal_is_not_tried_again() -> None:
    with receiving(Receiver((400, 202))) as receiver:
        (note,) = delivered(receiver, 2)
    assert [body["number"] for body in receiver.bodies] == [0, 1]
    assert note.endswith("1 of 2 notifications failed: HTTP 400 (1)")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with receiving(Receiver()) as elsewhere, receiving(Receiver((status,), elsewhere.url)) as receiver:
        (note,) = delivered(receiver)
    assert elsewhere.bodies == []
    assert note.endswith(f"HTTP {status} (1)")


def test_a_receiver_that_hangs_is_given_up_after_its_time() -> None:
    with receiving(Receiver((HANGS,))) as receiver:
        (note,) = delivered(receiver)
    assert note.endswith("TimeoutError (1)")
    assert len(receiver.bodies) == len(QUICK) + 1


def test_the_end_of_a_run_does_not_wait_for_a_receiver_that_hangs() -> None:
    with receiving(Receiver((HANGS,))) as receiver:
        sender = Delivery("alertmanager", receiver.url)
        sender.put({})
        (note,) = sender.close(0.05)
    assert note.endswith("1 of 1 notifications failed: not delivered by the end of the run (1)")


def test_a_receiver_that_is_not_there_is_noted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    (note,) = delivered(Receiver(url=f"http://127.0.0.1:{port}"))
    assert note == f"alertmanager at http://127.0.0.1:{port}: 1 of 1 notifications failed: ConnectionRefusedError (1)"


def test_no_more_than_a_limit_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "LONGEST_QUEUE", 2)
    with receiving(Receiver((HANGS,))) as receiver:
        sender = Delivery("alertmanager", receiver.url)
        for _ in range(9):
            sender.put({})
        (note,) = sender.close(0.05)
    assert "9 of 9 notifications failed" in note
    assert "too many were waiting (" in note


def test_nothing_is_noted_when_nothing_was_to_be_sent() -> None:
    assert list(Delivery("alertmanager", "http://127.0.0.1:1").close(LIMIT_S)) == []


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://user:s3cret@hooks.example.com/services/s3cret?x=s3cret", "https://hooks.example.com/…"),
        ("https://events.pagerduty.com:8443/", "https://events.pagerduty.com:8443"),
    ],
)
def test_a_url_is_shown_without_secrets(url: str, text: str) -> None:
    assert shown(url) == text

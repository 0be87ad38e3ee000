"""An access log becomes requests and their times."""

from __future__ import annotations

import pytest

from harness.bindings.loads import access_log
from harness.bindings.loads.access_log import LogError, recording_of

COMBINED = (
    '203.0.113.9 - frank [10/Oct/2000:13:55:36 -0700] "GET /a?b=c HTTP/1.1" 200 2326 "http://example.com/" "Mozilla/4"'
)


def line(second: int, request: str, status: int = 200, zone: str = "+0000") -> str:
    """A line of the common log format."""
    return f'::1 - - [10/Oct/2000:20:55:{second:02} {zone}] "{request}" {status} -'


def test_requests_keep_their_order_and_the_distance_of_their_seconds() -> None:
    found = recording_of([COMBINED, line(38, "GET /b HTTP/1.1"), line(38, "HEAD /a?b=c HTTP/2.0")], ("GET", "HEAD"))
    assert found.requests == (("GET", "/a?b=c"), ("GET", "/b"), ("HEAD", "/a?b=c"))
    assert (found.order, found.offsets_s, found.left_out) == ((0, 1, 2), (0.0, 2.0, 2.5), 0)


def test_requests_of_one_second_are_spread_over_it_and_repeated_ones_are_one_kind() -> None:
    found = recording_of([line(1, "GET /a HTTP/1.1")] * 4, ("GET",))
    assert (found.requests, found.order, found.offsets_s) == ((("GET", "/a"),), (0, 0, 0, 0), (0.0, 0.25, 0.5, 0.75))


def test_lines_are_sorted_by_time_in_any_zone() -> None:
    lines = [line(9, "GET /late HTTP/1.1"), line(5, "GET /early HTTP/1.1", zone="+0200").replace(":20:", ":22:")]
    assert recording_of(lines, ("GET",)).requests == (("GET", "/early"), ("GET", "/late"))


@pytest.mark.parametrize(
    "other",
    [
        line(1, "POST /a HTTP/1.1"),
        line(1, "GET /a HTTP/1.1", 500),
        line(1, "GET /a HTTP/1.1", 404),
        line(1, "GET http://example.com/ HTTP/1.1"),
        line(1, r"GET /\" HTTP/1.1"[:9]),
        line(1, "-", 408),
        line(61, "GET /a HTTP/1.1"),
        line(1, "GET /a HTTP/1.1").replace("Oct", "Okt"),
        line(1, "GET /a HTTP/1.1").replace("::1", "x" * 20_000),
        "[" * 9_000,
        '{"json": "log"}',
    ],
)
def test_what_cannot_be_sent_again_is_left_out_and_counted(other: str) -> None:
    found = recording_of([other, line(1, "GET /b HTTP/1.1"), ""], ("GET", "HEAD"))
    assert (found.requests, found.left_out) == ((("GET", "/b"),), 1)


def test_other_methods_are_sent_when_they_are_stated() -> None:
    assert recording_of([line(1, "POST /a HTTP/1.1")], ("POST",)).requests == (("POST", "/a"),)


def test_log_without_usable_requests_is_an_error_that_names_the_other_methods() -> None:
    with pytest.raises(LogError) as refused:
        recording_of([line(1, "POST /a HTTP/1.1"), "text"], ("GET", "HEAD"))
    assert str(refused.value).startswith("none of 2 lines is a successful request with GET or HEAD in the common or")
    assert str(refused.value).endswith("; others were sent with POST: state `methods`")


def test_log_that_is_too_long_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_log, "MOST", 2)
    with pytest.raises(LogError, match="more than 2 requests; cut the log"):
        recording_of([line(1, "GET /a HTTP/1.1")] * 3, ("GET",))

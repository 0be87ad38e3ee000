"""The generator's arithmetic: buckets, counts by second, the stream's bounds, what the environment may say."""

from __future__ import annotations

import json
import os
import threading
from random import Random

import pytest
from websockets.sync.server import ServerConnection, serve

from scenarios.generator import clock, histogram
from scenarios.generator.faults import Board, FaultError
from scenarios.generator.http import TransportError
from scenarios.generator.ledger import SLICE_S, Ledger
from scenarios.generator.schedule import poisson, seeded
from scenarios.generator.settings import SettingsError, read_settings
from scenarios.generator.stream import Stream, StreamError
from scenarios.generator.websocket import WebSocket


@pytest.mark.parametrize(
    ("latency_us", "bucket"),
    [(0, 0), (255, 255), (256, 256), (257, 256), (258, 257), (511, 383), (512, 384), (1_000_000, 1780)],
)
def test_buckets_are_those_of_the_contract(latency_us: int, bucket: int) -> None:
    assert histogram.index(latency_us) == bucket


def test_a_bucket_s_value_is_close_to_every_latency_in_it() -> None:
    rng = Random(7)
    latencies = [int(2 ** rng.uniform(0, 27)) for _ in range(20_000)]
    assert all(abs(histogram.value_us(histogram.index(us)) - us) <= 0.004 * us for us in latencies)
    buckets = [histogram.index(us) for us in sorted(latencies)]
    assert buckets == sorted(buckets)


def test_an_arrival_counts_in_the_slice_in_which_it_was_due() -> None:
    ledger, now_s = Ledger((100, 500)), clock.now()
    (ticket,) = ledger.due(["gateway"], now_s - 20)
    ledger.started([ticket], now_s - 19.5)
    ledger.settle(ticket, now_s)
    ledger.settle(ticket, now_s, "timeout")  # the first fate counts
    (delta,) = ledger.take(now_s)
    assert delta == {
        "series": "gateway", "at": clock.epoch_s(now_s - 20) // SLICE_S * SLICE_S, "sent": 1, "ok": 1, "bad": {},
        "late": 1, "over": {"100": 1, "500": 1}, "hist": {str(histogram.index(20_000_000)): 1},
    }  # fmt: skip
    assert ledger.take(now_s) == []


def test_over_is_counted_once_and_as_soon_as_it_is_certain() -> None:
    ledger, now_s = Ledger((100, 500)), clock.now()
    slow, fast = ledger.due(["gateway", "tools"], now_s)
    assert [delta["over"] for delta in ledger.take(now_s + 0.05)] == [{}, {}]
    assert [delta["over"] for delta in ledger.take(now_s + 0.2)] == [{"100": 1}, {"100": 1}]
    ledger.settle(slow, now_s + 0.6)
    ledger.settle(fast, now_s + 0.3, "http_503")  # bad is worse than slow
    assert [delta["over"] for delta in ledger.take(now_s + 0.6)] == [{"500": 1}, {"500": 1}]


def test_what_is_outstanding_at_the_end_is_unfinished() -> None:
    ledger, now_s = Ledger((500,)), clock.now()
    ledger.due(["gateway"], now_s)
    assert ledger.give_up() == {"gateway": 1}
    (delta,) = ledger.take(now_s)
    assert (delta["bad"], delta["over"], delta["hist"]) == ({"unfinished": 1}, {"500": 1}, {})


def test_the_schedule_keeps_its_rate_and_follows_a_surge() -> None:
    rate = 100.0
    arrivals = poisson(seeded("arrivals", 1), 0.0, lambda: rate)
    calm = [next(arrivals) for _ in range(5_000)]
    assert calm[-1] == pytest.approx(50, rel=0.06)
    rate = 400.0
    surge = [next(arrivals) for _ in range(5_000)]
    assert surge[-1] - calm[-1] == pytest.approx(12.5, rel=0.06)
    again = poisson(seeded("arrivals", 1), 0.0, lambda: 100.0)
    assert [next(again) for _ in range(5_000)] == calm


def test_the_stream_never_waits_for_a_slow_reader_and_says_when_it_is_too_far_behind() -> None:
    read_fd, write_fd = os.pipe()
    stream = Stream(write_fd, buffer_bytes=100_000)
    line = {"text": "x" * 1000}
    for _ in range(100):  # more than a pipe holds
        stream.send(line)
    with pytest.raises(StreamError, match="behind"):
        stream.send({"text": "x" * 100_000})
    with pytest.raises(StreamError, match="not read"):
        stream.finish(0.01)
    os.close(read_fd)
    with pytest.raises(StreamError, match="cannot be written"):
        stream.send(line)
    os.close(write_fd)


def test_the_stream_loses_nothing_to_a_reader_that_comes_later() -> None:
    read_fd, write_fd = os.pipe()
    stream = Stream(write_fd)
    for number in range(30):
        stream.send({"number": number, "text": "x" * 1000})
    stream.finish(1.0)
    os.close(write_fd)
    with os.fdopen(read_fd) as reader:
        assert [json.loads(line)["number"] for line in reader] == list(range(30))


def test_a_fault_is_over_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    board, now_s = Board(("surge",)), clock.now()
    fault = board.inject("surge", {"factor": 3, "max_duration_s": 10})
    board.inject("surge", {"factor": 2, "max_duration_s": 20})
    assert board.product("surge", "factor") == 6
    monkeypatch.setattr(clock, "now", lambda: now_s + 15)
    assert board.product("surge", "factor") == 2
    board.undo(fault.id)
    board.undo_all()
    assert board.on() == []


@pytest.mark.parametrize(
    ("name", "numbers", "says"),
    [
        ("crowd", {}, "unknown fault 'crowd'"),
        ("surge", {"max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": True, "max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": float("nan"), "max_duration_s": 1}, "needs factor"),
        ("surge", {"factor": 2, "max_duration_s": 1e9}, "needs max_duration_s"),
        ("surge", {"factor": 2, "max_duration_s": 1, "depth": 1}, "no parameter 'depth'"),
    ],
)
def test_a_wrong_fault_is_refused_with_a_reason(name: str, numbers: dict[str, object], says: str) -> None:
    with pytest.raises(FaultError, match=says):
        Board(("surge",)).inject(name, numbers)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"GAMEDAY_SEED": "x"}, "GAMEDAY_SEED='x'"),
        ({"GAMEDAY_DURATION_S": "0"}, "above 0"),
        ({"GAMEDAY_THRESHOLDS_MS": "500,fast"}, "GAMEDAY_THRESHOLDS_MS"),
        ({"GAMEDAY_ADMIN_PORT": "0"}, "without GAMEDAY_ADMIN_TOKEN"),
    ],
)
def test_a_wrong_environment_is_named(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings(environ)
    assert read_settings({}).thresholds_ms == (500,)


def test_a_goodbye_before_a_late_acknowledgement_is_a_lost_connection_and_no_crash() -> None:
    def goodbye(server: ServerConnection) -> None:
        server.send("hello")
        server.close()

    with serve(goodbye, "127.0.0.1", 0, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        client = WebSocket(("127.0.0.1", server.socket.getsockname()[1]), "/ws")
        client.open(10)
        received: list[str] = []
        with pytest.raises(TransportError):
            exchange(client, received)
        client.close()
        server.shutdown()
        thread.join()
    assert received == ["hello"]


def exchange(client: WebSocket, received: list[str]) -> None:
    """The goodbye comes with the handshake, with the message, or after it."""
    while True:
        received += client.receive()
        client.send("late")

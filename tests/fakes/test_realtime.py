"""realtime: its three toggles, the shared sender slots, and its messages at overload."""

from __future__ import annotations

import json
import re
import signal
import socket
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.fakes import Pod, Pods, at_once, behind
from tests.support.waiting import wait_until

FAST = {"MESSAGE_INTERVAL_MS": "50", "ACK_DEADLINE_MS": "60000"}


def join(pod: Pod, query: str = "tenant=acme", path: str = "/ws") -> ClientConnection:
    return connect(f"ws://{pod.ip}:8080{path}?{query}", compression=None, open_timeout=10, close_timeout=1)


def message(websocket: ClientConnection) -> int:
    """Receive a message; return its number."""
    got = json.loads(websocket.recv(10))
    assert got["type"] == "message"
    assert got["sent_ms"] > 0
    return got["seq"]


def ack(websocket: ClientConnection, seq: int) -> None:
    websocket.send(json.dumps({"type": "ack", "seq": seq}))


def first_drop(pod: Pod) -> int:
    line = wait_until(lambda: pod.log("backpressure: dropped "), "a dropped message")[0]
    return int(re.search(r"seq (\d+)", line["msg"])[1])


def test_messages_are_numbered_without_gaps(pods: Pods) -> None:
    pod = pods.start("realtime", **FAST)
    with join(pod) as websocket:
        for expected in range(1, 6):
            assert message(websocket) == expected
            ack(websocket, expected)
    wait_until(lambda: pod.metric("websocket_connections_active") == 0, "the end of the connection")
    assert pod.metric("websocket_messages_total") >= 5


def test_message_is_sent_once_per_interval(pods: Pods) -> None:
    pod = pods.start("realtime", MESSAGE_INTERVAL_MS="200")
    sent_ms = []
    with join(pod) as websocket:
        for number in range(1, 6):
            sent_ms.append(json.loads(websocket.recv(10))["sent_ms"])
            ack(websocket, number)
    assert sent_ms[-1] - sent_ms[0] > 2 * 200, "four intervals, of which two may have been made up for"


def test_at_most_one_message_is_unacknowledged(pods: Pods) -> None:
    pod = pods.start("realtime", **FAST)
    with join(pod) as websocket:
        assert message(websocket) == 1
        wait_until(lambda: pod.metric("websocket_backpressure_drops") > 0, "a full queue behind the one in flight")
        assert pod.metric("websocket_messages_total") == 1
        ack(websocket, 1)
        assert message(websocket) == 2


def test_connections_are_admitted_up_to_the_limit(pods: Pods) -> None:
    small, large = (pods.start("realtime", MAX_WEBSOCKET_CONNECTIONS=limit) for limit in ("1", "3"))
    with ExitStack() as held:
        for pod in (small, large, large, large):
            held.enter_context(join(pod))
        with pytest.raises(InvalidStatus) as refusal:
            join(small)
        assert refusal.value.response.status_code == 503
        line = wait_until(lambda: small.log("connection timeout: "), "a line about it")[0]
        assert "active connections 1 of 1" in line["msg"]
        assert (small.metric("websocket_connections_active"), large.metric("websocket_connections_active")) == (1, 3)
    wait_until(lambda: small.log("active connections: 0 of 1"), "the count in the log")
    with join(small):
        assert small.metric("websocket_connections_active") == 1


def test_free_place_goes_to_a_waiting_client(pods: Pods) -> None:
    pod = pods.start("realtime", MAX_WEBSOCKET_CONNECTIONS="1", **FAST)

    def numbers() -> list[int]:
        with join(pod) as websocket:
            return [message(websocket)]

    with join(pod):
        waiting = behind(numbers)
    assert waiting.result(10) == [1]


def test_place_is_released_when_a_connection_ends_without_a_close_frame(pods: Pods) -> None:
    pod = pods.start("realtime", MAX_WEBSOCKET_CONNECTIONS="1")
    for _ in range(3):
        with join(pod) as websocket:
            websocket.socket.shutdown(socket.SHUT_RDWR)  # without a close frame
        wait_until(lambda: pod.metric("websocket_connections_active") == 0, "the end of the connection")
    with join(pod):
        assert pod.metric("websocket_connections_active") == 1


@pytest.mark.parametrize(("threshold", "waiting"), [("0.8", 8), ("0.9", 9), ("0.5", 5)])
def test_messages_are_dropped_from_the_configured_fill_of_the_queue(pods: Pods, threshold: str, waiting: int) -> None:
    pod = pods.start("realtime", BACKPRESSURE_THRESHOLD=threshold, **FAST)
    with join(pod) as websocket:
        message(websocket)
        assert first_drop(pod) == 1 + waiting + 1  # one in flight, so many in the queue
        ack(websocket, 1)
        kept = [message(websocket)]
        while len(kept) < waiting + 1:
            ack(websocket, kept[-1])
            kept.append(message(websocket))
    assert kept[:waiting] == list(range(2, 2 + waiting))
    assert kept[waiting] > 2 + waiting, "the gap where messages were dropped"


def test_idle_connection_is_closed(pods: Pods) -> None:
    short, long = (
        pods.start("realtime", WEBSOCKET_TIMEOUT_MS=ms, MESSAGE_INTERVAL_MS="60000") for ms in ("100", "60000")
    )
    with join(short) as silent, join(long) as patient:
        with pytest.raises(ConnectionClosed) as end:
            silent.recv(10)
        assert (end.value.rcvd.code, end.value.rcvd.reason) == (1008, "idle timeout")
        patient.ping().wait(5)
        assert long.metric("websocket_connections_active") == 1
    wait_until(lambda: short.log("idle timeout: closed 1 "), "a line about it")
    assert short.metric("websocket_idle_timeouts_total") == 1


def test_slow_clients_occupy_slots_that_others_wait_for(pods: Pods) -> None:
    pod = pods.start("realtime", SENDER_SLOTS="1", **FAST)
    with join(pod) as slow:
        message(slow)
        with join(pod) as other:
            wait_until(lambda: pod.metric("websocket_waiting_for_sender") == 1, "the other one waits")
            assert pod.metric("websocket_messages_total") == 1
            ack(slow, 1)
            assert message(other) == 1


def test_overdue_acknowledgement_frees_the_slot(pods: Pods) -> None:
    pod = pods.start("realtime", **{**FAST, "SENDER_SLOTS": "1", "ACK_DEADLINE_MS": "100"})
    with join(pod) as mute, join(pod) as other:
        message(mute)
        assert message(other) == 1
        assert pod.metric("websocket_ack_timeouts_total") >= 1


def test_sender_loss_removes_slots_until_it_is_reverted(pods: Pods) -> None:
    pod = pods.start("realtime", SENDER_SLOTS="2", **FAST)
    fault = pod.inject("sender-loss", slots=2)
    with join(pod) as websocket:
        wait_until(lambda: pod.metric("websocket_waiting_for_sender") == 1, "a message without a sender")
        assert pod.metric("websocket_sender_slots") == 0
        pod.admin("DELETE", f"/faults/{fault}")
        assert message(websocket) == 1


@pytest.mark.parametrize(
    ("query", "path", "status"), [("tenant=unknown", "/ws", 403), ("", "/ws", 403), ("", "/x", 404)]
)
def test_invalid_tenant_and_path_are_refused(pods: Pods, query: str, path: str, status: int) -> None:
    with pytest.raises(InvalidStatus) as refusal:
        join(pods.start("realtime"), query, path)
    assert refusal.value.response.status_code == status


def test_invalid_acknowledgement_closes_the_connection(pods: Pods) -> None:
    with join(pods.start("realtime", MESSAGE_INTERVAL_MS="60000")) as websocket:
        websocket.send("hello")
        with pytest.raises(ConnectionClosed) as end:
            websocket.recv(10)
    assert end.value.rcvd.code == 1007


def test_metrics_have_the_documented_names(pods: Pods) -> None:
    pod = pods.start("realtime")
    answer = pod.ask("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "\nwebsocket_connections_active 0.0\n" in answer.text
    assert "\nwebsocket_backpressure_drops 0.0\n" in answer.text
    assert pod.ask("/health").json == {"status": "ok", "connections": 0, "limit": 1000}
    assert pod.ask("/health/live").status == 200


def test_open_websockets_survive_the_listener_and_close_with_the_pod(pods: Pods) -> None:
    pod = pods.start("realtime", **FAST)
    pod.serve(True)
    with connect(f"ws://{pod.service_ip}:8080/ws?tenant=acme", compression=None) as websocket:
        pod.serve(False)
        with pytest.raises(ConnectionRefusedError):
            connect(f"ws://{pod.service_ip}:8080/ws?tenant=acme")
        assert message(websocket) == 1
        pod.signal(signal.SIGTERM)
        for _ in websocket:  # until a close that is in order
            pass
        assert websocket.close_code == 1001
    assert pod.status() == 0


def test_burst_of_connections_is_admitted(pods: Pods) -> None:
    pod = pods.start("realtime")
    with ExitStack() as held:
        at_once([lambda: held.enter_context(join(pod))] * 60)
        assert pod.metric("websocket_connections_active") == 60

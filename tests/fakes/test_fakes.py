"""Pods with workers and faults: inference, tool-service, the admin port, the fork server."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.fakes import TENANT, Answer, Pod, Pods, ask, at_once, behind
from tests.support.waiting import wait_until


def infer(pod: Pod, deadline_ms: int = 20_000) -> Answer:
    return pod.ask("/infer", {}, {"X-Deadline-Ms": str(deadline_ms)})


def tool(pod: Pod, name: str = "search") -> Answer:
    return pod.ask(f"/tools/{name}", {})


def refused(ip: str) -> bool:
    try:
        ask(ip, "/health")
    except ConnectionRefusedError:
        return True
    return False


# Capacity


@pytest.mark.parametrize("slots", [2, 5])
def test_jobs_run_in_parallel_up_to_the_number_of_slots(pods: Pods, slots: int) -> None:
    pod = pods.start("inference", WORKER_SLOTS=str(slots), SERVICE_TIME_MS="300")
    answers = at_once([lambda: infer(pod).json] * 7)
    assert sum(answer["waited_ms"] == 0 for answer in answers) == slots
    assert pod.metric("service_latency_histogram_count") == 7
    assert pod.metric("worker_slots") == slots


def test_queue_is_first_in_first_out(pods: Pods) -> None:
    pod = pods.start("inference", WORKER_SLOTS="1", SERVICE_TIME_MS="150")
    ended: list[int] = []
    for number in range(4):
        behind(lambda: infer(pod)).add_done_callback(lambda _, n=number: ended.append(n))
        wait_until(
            lambda n=number: len(ended) + pod.metric("workers_busy") + pod.metric("queue_length") > n, "it is in"
        )
    wait_until(lambda: len(ended) == 4, "all have ended")
    assert ended == [0, 1, 2, 3]


def test_full_queue_refuses(pods: Pods) -> None:
    pod = pods.start("inference", WORKER_SLOTS="1", QUEUE_LIMIT="1", SERVICE_TIME_MS="400")
    answers = at_once([lambda: infer(pod)] * 5)
    assert sorted(answer.status for answer in answers) == [200, 200, 503, 503, 503]
    assert wait_until(lambda: pod.log("queue full"), "a line about it")


def test_job_past_its_deadline_is_dropped_when_dequeued(pods: Pods) -> None:
    pod = pods.start("inference", WORKER_SLOTS="1", SERVICE_TIME_MS="300")
    first = behind(lambda: infer(pod))
    wait_until(lambda: pod.metric("workers_busy") == 1, "the first job")
    late = infer(pod, deadline_ms=20)
    assert (late.status, first.result(10).status) == (504, 200)
    assert wait_until(lambda: pod.log("request timeout: waited "), "a line about it")[0]["status"] == 504
    assert pod.metric('requests_total{status="200"}') == 1


# Faults


def test_slot_loss_removes_slots_until_it_is_reverted(pods: Pods) -> None:
    pod = pods.start("inference", WORKER_SLOTS="3", SERVICE_TIME_MS="10")
    fault = pod.inject("slot-loss", slots=3)
    waiting = behind(lambda: infer(pod))
    wait_until(lambda: pod.metric("queue_length") == 1, "the job waits")
    assert pod.metric("worker_slots") == 0
    assert [pod.admin("DELETE", f"/faults/{fault}").status for _ in range(2)] == [204, 204]
    assert waiting.result(10).status == 200
    assert pod.metric("worker_slots") == 3


def test_slow_fault_multiplies_service_times(pods: Pods) -> None:
    pod = pods.start("inference", SERVICE_TIME_MS="5")
    usual = max(answer["worked_ms"] for answer in at_once([lambda: infer(pod).json] * 8))
    pod.inject("slow", factor=40)
    assert min(answer["worked_ms"] for answer in at_once([lambda: infer(pod).json] * 8)) > usual


def test_faults_end_after_their_maximum_duration(pods: Pods) -> None:
    pod = pods.start("tool-service", SERVICE_TIME_MS="1")
    pod.inject("wedge", max_duration_s=0.3)
    stuck = behind(lambda: tool(pod))
    wait_until(lambda: pod.metric("workers_busy") == 1, "a wedged worker")
    wait_until(lambda: pod.admin("GET", "/faults").json == [], "the end of the fault")
    assert stuck.result(10).status == 200


def test_wedge_ends_with_a_restart_and_not_by_waiting(pods: Pods) -> None:
    pod = pods.start("tool-service", WORKER_SLOTS="2", QUEUE_LIMIT="1", SERVICE_TIME_MS="1", GRACE_S="0.2")
    assert pod.metric("tool_service_health_check") == 1
    pod.inject("wedge")
    stuck = [behind(lambda: tool(pod)) for _ in range(3)]
    wait_until(lambda: pod.metric("queue_length") == 1, "wedged workers and a full queue")
    assert tool(pod).status == 503
    wait_until(lambda: pod.metric("tool_service_health_check") == 0, "the self-check moves the gauge by itself")
    health = pod.ask("/health")
    assert (health.status, health.json["reason"][:35]) == (503, "no worker is free: 2 of 2 busy and ")
    assert pod.ask("/health/live").status == 200
    assert not any(call.done() for call in stuck)
    pod.signal(signal.SIGTERM)
    assert pod.status() == 0
    again = pods.start("tool-service", SERVICE_TIME_MS="1")
    assert (again.ask("/health").status, tool(again).status) == (200, 200)


def test_busy_workers_that_complete_jobs_are_healthy(pods: Pods) -> None:
    pod = pods.start("tool-service", WORKER_SLOTS="1", SERVICE_TIME_MS="150")
    calls = [behind(lambda: tool(pod)) for _ in range(12)]
    wait_until(lambda: sum(call.done() for call in calls) >= 10, "most of the jobs")
    assert pod.ask("/health").status == 200
    assert pod.log("health check failed") == []


def test_store_outage_fails_requests(pods: Pods) -> None:
    pod = pods.start("tool-service")
    assert (tool(pod).status, tool(pod, "hammer").status) == (200, 404)
    pod.inject("store-down")
    assert (tool(pod).status, pod.ask("/health").json["reason"]) == (503, "store refuses look-ups")
    assert pod.metric("tool_service_health_check") == 0
    pod.admin("DELETE", "/faults")
    assert (tool(pod).status, pod.ask("/health").status) == (200, 200)


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        ({"name": "earthquake", "max_duration_s": 1}, "there is no fault 'earthquake' here: there is slot-loss, slow"),
        ({"name": "slow", "max_duration_s": 1}, "factor is None: it must be a number"),
        ({"name": "slow", "max_duration_s": 1, "factor": "2"}, "factor is '2'"),
        ({"name": "slot-loss", "max_duration_s": 1, "slots": 1.5}, "slots is 1.5: it must be a whole number"),
        ({"name": "slow", "factor": 2}, "max_duration_s is None"),
        ({"name": "slow", "factor": 2, "max_duration_s": 0}, "max_duration_s is 0"),
        ({"name": "slow", "factor": 2, "max_duration_s": 1, "colour": 1}, "slow has no parameter 'colour'"),
        ([], "there is no fault None"),
    ],
)
def test_invalid_fault_is_refused_with_a_reason(pods: Pods, order: object, reason: str) -> None:
    pod = pods.start("inference")
    answer = pod.admin("POST", "/faults", order)
    assert (answer.status, answer.json["error"][: len(reason)]) == (400, reason)
    assert pod.admin("GET", "/faults").json == []


def test_active_faults_are_listed(pods: Pods) -> None:
    pod = pods.start("inference")
    number = pod.inject("slow", factor=2)
    (fault,) = pod.admin("GET", "/faults").json
    assert fault | {"left_s": 60} == {"id": number, "name": "slow", "factor": 2, "left_s": 60}


def test_fault_is_reported_as_active_ended_or_unknown_to_this_process(pods: Pods) -> None:
    pod = pods.start("inference")
    fault = pod.inject("slow", factor=2, id="slow-of-this-test")
    assert fault == "slow-of-this-test"
    assert pod.admin("GET", f"/faults/{fault}").json == {"id": fault, "active": True}
    pod.admin("DELETE", f"/faults/{fault}")
    assert pod.admin("GET", f"/faults/{fault}").json == {"id": fault, "active": False}
    assert pod.admin("GET", "/faults/slow-of-another-process").status == 404


def test_fault_that_is_applied_again_by_its_id_counts_once(pods: Pods) -> None:
    pod = pods.start("inference", WORKER_SLOTS="3")
    pod.inject("slot-loss", slots=1, id="loss")
    pod.inject("slot-loss", slots=1, id="loss")
    assert pod.metric("worker_slots") == 2


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/serving"), ("POST", "/faults"), ("GET", "/faults"), ("DELETE", "/faults/1")]
)
def test_wrong_token_is_refused(pods: Pods, method: str, path: str) -> None:
    pod = pods.start("inference")
    assert pod.admin(method, path, {"serving": True}, token="another").status == 403
    assert refused(pod.service_ip)


# Pods


def test_pod_serves_only_while_serving_is_on(pods: Pods) -> None:
    pod = pods.start("inference", SERVICE_TIME_MS="300")
    assert refused(pod.service_ip)
    pod.serve(True)
    pod.serve(True)
    under_way = behind(lambda: ask(pod.service_ip, "/infer", {}))
    wait_until(lambda: pod.metric("workers_busy") == 1, "a request under way")
    pod.serve(False)
    assert refused(pod.service_ip)
    answer = under_way.result(10)
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert pod.ask("/health").status == 200
    pod.serve(True)
    assert ask(pod.service_ip, "/health").status == 200


def test_idle_connections_close_with_the_listener(pods: Pods) -> None:
    pod = pods.start("inference")
    pod.serve(True)
    connection = http.client.HTTPConnection(pod.service_ip, 8080, timeout=10)
    connection.request("GET", "/health/live")
    connection.getresponse().read()
    pod.serve(False)
    assert connection.sock.recv(1) == b""
    connection.close()


def test_open_connection_without_a_request_gets_one_answer_after_the_listener_closes(pods: Pods) -> None:
    pod = pods.start("inference")
    pod.serve(True)
    connection = http.client.HTTPConnection(pod.service_ip, 8080, timeout=10)
    connection.connect()
    pod.serve(False)
    assert refused(pod.service_ip)
    connection.request("GET", "/health")
    answer = connection.getresponse()
    answer.read()
    assert (answer.status, answer.getheader("connection")) == (200, "close")
    connection.close()


def test_connection_without_a_request_is_closed_with_the_listener(pods: Pods) -> None:
    pod = pods.start("inference")
    pod.serve(True)
    with socket.create_connection((pod.service_ip, 8080), timeout=10) as connection:
        pod.serve(False)
        assert connection.recv(1) == b""


def test_replicas_share_the_service_address(pods: Pods) -> None:
    one = pods.start("inference", WORKER_SLOTS="1")
    two = pods.start("inference", one.service_ip, WORKER_SLOTS="2")
    one.serve(True)
    two.serve(True)
    seen: set[int] = set()
    wait_until(lambda: seen.add(ask(one.service_ip, "/health").json["slots"]) or len(seen) == 2, "both answer")
    one.serve(False)
    assert {ask(one.service_ip, "/health").json["slots"] for _ in range(20)} == {2}


def test_gateway_uses_a_new_replica_despite_kept_connections(pods: Pods) -> None:
    first = pods.start("inference", SERVICE_TIME_MS="1")
    second = pods.start("inference", first.service_ip, SERVICE_TIME_MS="1")
    gateway = pods.start("api-gateway", INFERENCE_URL=f"http://{first.service_ip}:8080")
    first.serve(True)
    assert gateway.infer().status == 200
    second.serve(True)
    wait_until(
        lambda: gateway.infer().status == 200 and second.metric('requests_total{status="200"}'), "its turn", limit_s=30
    )


def test_sigterm_completes_running_jobs(pods: Pods) -> None:
    pod = pods.start("inference", SERVICE_TIME_MS="300")
    under_way = behind(lambda: infer(pod))
    wait_until(lambda: pod.metric("workers_busy") == 1, "a request under way")
    pod.signal(signal.SIGTERM)
    assert (under_way.result(10).status, pod.status()) == (200, 0)
    assert pod.log("stopped: everything in flight has finished")


@pytest.mark.parametrize("switches", [1, 3])
def test_pod_taken_out_of_service_completes_running_jobs_at_sigterm(pods: Pods, switches: int) -> None:
    pod = pods.start("inference", SERVICE_TIME_MS="300")
    for _ in range(switches - 1):
        pod.serve(True)
        pod.serve(False)
    pod.serve(True)
    under_way = behind(lambda: ask(pod.service_ip, "/infer", {}))
    wait_until(lambda: pod.metric("workers_busy") == 1, "a request under way")
    pod.serve(False)
    pod.signal(signal.SIGTERM)
    assert (under_way.result(10).status, pod.status()) == (200, 0)
    assert pod.log("stopped: everything in flight has finished")
    assert pod.log("cannot run") == []


@pytest.mark.parametrize("service", ["api-gateway", "inference", "tool-service", "realtime"])
def test_pod_taken_out_of_service_ends_normally_at_sigterm(pods: Pods, service: str) -> None:
    pod = pods.start(service)
    pod.serve(True)
    pod.serve(False)
    pod.signal(signal.SIGTERM)
    assert pod.status() == 0
    assert pod.log("stopped: everything in flight has finished")


def test_pod_ends_after_its_grace_period(pods: Pods) -> None:
    pod = pods.start("tool-service", GRACE_S="0.2")
    pod.inject("wedge")
    stuck = behind(lambda: tool(pod))
    wait_until(lambda: pod.metric("workers_busy") == 1, "a wedged worker")
    pod.signal(signal.SIGTERM)
    assert pod.status() == 0
    assert pod.log("stopped: the grace of 0.2 s is over")
    assert isinstance(stuck.exception(10), OSError | http.client.HTTPException)


def test_pod_ends_with_its_parent(pods: Pods) -> None:
    parent = subprocess.Popen(["sleep", "60"])
    pod = pods.start("inference", PARENT_PID=str(parent.pid))
    parent.kill()
    parent.wait()
    assert pod.status() == 0


@pytest.mark.parametrize(
    ("service", "env", "message"),
    [
        ("api-gateway", {"MAX_RETRIES": "many"}, "MAX_RETRIES is 'many': it must be a whole number from 0 to 100"),
        ("api-gateway", {"VALIDATION_STRICT_MODE": "maybe"}, "VALIDATION_STRICT_MODE is 'maybe'"),
        ("realtime", {"BACKPRESSURE_THRESHOLD": "80"}, "BACKPRESSURE_THRESHOLD is 80: it must be from 0 to 1"),
        ("inference", {"ADMIN_TOKEN": ""}, "ADMIN_TOKEN is missing"),
        ("mainframe", {}, "there is no service 'mainframe'"),
    ],
)
def test_invalid_environment_is_an_error(pods: Pods, service: str, env: dict[str, str], message: str) -> None:
    pod = pods.start(service, ready=False, **env)
    assert pod.status() == 2
    assert pod.log(message)


def test_service_can_be_started_from_the_command_line(tmp_path: Path, pods: Pods) -> None:
    env = {**os.environ, "POD_IP": f"{pods.net}.250", "APP_DIR": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "fakes", "tool-service"], env=env, stdout=subprocess.PIPE, text=True
    )
    try:
        wait_until(lambda: ask(env["POD_IP"], "/tools/search", {}, TENANT).status == 200, "an answer")
        process.terminate()
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.communicate()


# The fork server


def test_invalid_request_to_the_fork_server_gets_a_reason(pods: Pods) -> None:
    assert "it must be" in str(pods.order('{"op": "dance"}')["error"])
    assert "env is None" in str(pods.order('{"op": "spawn", "id": 1, "service": "inference"}')["error"])
    assert "error" in pods.order("no JSON")


def test_pods_have_their_own_process_group_and_only_the_given_environment(pods: Pods) -> None:
    pod = pods.start("inference")
    assert (os.getpgid(pod.pid), os.getsid(pod.pid)) == (pod.pid, pod.pid)
    pod.signal(signal.SIGKILL)
    assert pod.status() == -signal.SIGKILL


def test_pods_end_with_the_fork_server(tmp_path: Path) -> None:
    by_stdin, by_force = Pods(tmp_path), Pods(tmp_path)
    first, second = by_stdin.start("inference"), by_force.start("tool-service")
    assert by_stdin.end() == 0
    assert first.status() == 0
    by_force.process.kill()
    assert by_force.process.stdin is not None
    by_force.process.stdin.close()
    by_force.process.wait()
    wait_until(lambda: refused(second.ip), "the orphan's end")

"""The small cluster's controllers and kubelet with real processes, through the API that kubectl uses."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path

import psutil
import pytest

from harness.cluster.api import Invalid, NotFound
from harness.cluster.runtimes.process.daemon import ProcessDaemon as Daemon
from harness.cluster.runtimes.process.daemon import ProcessDaemonOptions
from harness.cluster.state import Deployment, Pod
from harness.machine.objects import Obj, items, number, section, text
from harness.machine.process_ledger import recorded
from tests.support.paths import FORK_SERVER_STAND_IN
from tests.support.waiting import wait_until_async

NS = "production"
LIMIT_S = 20.0


@contextlib.asynccontextmanager
async def running(folder: Path, fork_server: Sequence[str]) -> AsyncIterator[Daemon]:
    daemon = Daemon(ProcessDaemonOptions(folder, detach=True, fork_server=fork_server))
    life = asyncio.create_task(daemon.run())
    try:
        await wait_until_async(lambda: len(daemon.cluster.deployments) == 4 and daemon.cluster.settled())
        yield daemon
    finally:
        daemon.end()
        await life


def on_a_platform(
    test: Callable[[Daemon], Awaitable[None]], fork_server: Sequence[str] = FORK_SERVER_STAND_IN
) -> Callable[[Path], None]:
    def run(tmp_path: Path) -> None:
        async def main() -> None:
            async with running(tmp_path, fork_server) as daemon, asyncio.timeout(LIMIT_S):
                await test(daemon)

        asyncio.run(main())

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def the(daemon: Daemon, name: str) -> Deployment:
    return daemon.cluster.deployments[name]


def only_pod(daemon: Daemon, name: str) -> Pod:
    (pod,) = the(daemon, name).pods
    return pod


async def fault(daemon: Daemon, pod: Pod, **body: object) -> None:
    await http_call("POST", pod.ip, daemon.admin_port, "/faults", json.dumps(body), pod.token)


async def http_call(method: str, ip: str, port: int, path: str, body: str = "", token: str = "") -> tuple[int, bytes]:
    def call() -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection(ip, port, timeout=5)) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {token}"})
            response = connection.getresponse()
            return response.status, response.read()

    return await asyncio.to_thread(call)


def set_env(name: str, value: str) -> Callable[[Obj], Obj]:
    def change(one: Obj) -> Obj:
        container = items(one, "spec", "template", "spec", "containers")[0]
        kept = [entry for entry in items(container, "env") if text(entry, "name") != name]
        container["env"] = [*kept, {"name": name, "value": value}]
        return one

    return change


def set_replicas(count: int) -> Callable[[Obj], Obj]:
    def change(one: Obj) -> Obj:
        section(one, "spec")["replicas"] = count
        return one

    return change


def set_image(image: str) -> Callable[[Obj], Obj]:
    def change(one: Obj) -> Obj:
        items(one, "spec", "template", "spec", "containers")[0]["image"] = image
        return one

    return change


async def output(daemon: Daemon, pod: Pod, *argv: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    command = await daemon.cluster.execute(NS, pod.name, argv, stdin=stdin, tty=False)
    out = b"".join([chunk async for chunk in command.stdout])
    err = b"".join([chunk async for chunk in command.stderr])
    return await command.wait(), out.decode(), err.decode()


def reasons(daemon: Daemon, name: str) -> list[str]:
    events = daemon.cluster.list("events", NS)
    return [text(one, "reason") for one in events if text(one, "involvedObject", "name") == name]


@on_a_platform
async def test_unready_pod_leaves_the_endpoints_and_its_service_refuses(daemon: Daemon) -> None:
    pod = only_pod(daemon, "inference")
    address = daemon.address("inference")
    assert (await http_call("GET", address, 8080, "/"))[0] == 200

    await fault(daemon, pod, name="unready")
    await wait_until_async(lambda: not the(daemon, "inference").pods[0].ready)
    (subset,) = items(daemon.cluster.get("endpoints", NS, "inference"), "subsets")
    assert "addresses" not in subset
    assert text(items(subset, "notReadyAddresses")[0], "ip") == pod.ip
    await wait_until_async(lambda: "Unhealthy" in reasons(daemon, pod.name))

    async def refuses() -> bool:
        try:
            await http_call("GET", address, 8080, "/")
        except ConnectionRefusedError:
            return True
        except (ConnectionResetError, TimeoutError):
            return False  # it waited in the queue of the listener that was just being closed, or had just left it
        return False

    while not await refuses():
        await asyncio.sleep(0.01)
    ready = {text(one, "type"): one for one in items(daemon.cluster.get("pods", NS, pod.name), "status", "conditions")}
    assert text(ready["Ready"], "status") == "False"

    await http_call("DELETE", pod.ip, daemon.admin_port, "/faults", token=pod.token)
    await wait_until_async(daemon.cluster.settled)
    assert (await http_call("GET", address, 8080, "/"))[0] == 200


@partial(on_a_platform, fork_server=ProcessDaemonOptions.fork_server)
async def test_rolling_restart_refuses_no_connection(daemon: Daemon) -> None:
    await daemon.cluster.edit("deployments", NS, "inference", set_replicas(3), "scale")
    await wait_until_async(lambda: daemon.cluster.settled() and len(the(daemon, "inference").pods) == 3)
    before = {pod.name for pod in the(daemon, "inference").pods}
    answered, reset, fewest = 0, 0, 3

    async def keep_asking() -> None:
        nonlocal answered, reset
        while True:
            try:
                assert (await http_call("GET", daemon.address("inference"), 8080, "/health"))[0] == 200
                answered += 1
            except ConnectionResetError:
                reset += 1

    asking = [asyncio.create_task(keep_asking()) for _ in range(4)]
    await wait_until_async(lambda: answered)
    await daemon.cluster.edit("deployments", NS, "inference", set_env("NEW", "1"), "set env")
    while not daemon.cluster.settled():
        fewest = min(fewest, sum(pod.ready for pod in the(daemon, "inference").pods))
        await daemon.cluster.changed(1.0)
    await wait_until_async(lambda: len([pod for pod in daemon.cluster.pods() if pod.name.startswith("inference")]) == 3)
    for task in asking:
        assert not task.done(), task.exception()
        task.cancel()
    assert not before & {pod.name for pod in the(daemon, "inference").pods}
    assert fewest == 3, "25 % of 3 rounds down to none unavailable"
    assert reset <= len(before), "only clients that entered a listener's queue just before it closed"


@on_a_platform
async def test_changed_environment_reaches_the_process_and_rollback_reverts_it(daemon: Daemon) -> None:
    _, after = await daemon.cluster.edit("deployments", NS, "api-gateway", set_env("MAX_RETRIES", "5"), "set env")
    assert number(after, "metadata", "generation") == 2
    await wait_until_async(daemon.cluster.settled)
    assert (await output(daemon, only_pod(daemon, "api-gateway"), "printenv", "MAX_RETRIES"))[1] == "5\n"
    shown = daemon.cluster.get("deployments", NS, "api-gateway")
    assert section(shown, "metadata", "annotations")["deployment.kubernetes.io/revision"] == "2"
    assert number(shown, "status", "observedGeneration") == 2
    progressing = {text(one, "type"): text(one, "reason") for one in items(shown, "status", "conditions")}
    assert progressing == {"Available": "MinimumReplicasAvailable", "Progressing": "NewReplicaSetAvailable"}
    assert "ScalingReplicaSet" in reasons(daemon, "api-gateway")

    await daemon.cluster.undo(NS, "api-gateway", None)
    await wait_until_async(daemon.cluster.settled)
    assert (await output(daemon, only_pod(daemon, "api-gateway"), "printenv", "MAX_RETRIES"))[1] == "3\n"
    revisions = [one.revision for one in the(daemon, "api-gateway").sets]
    assert sorted(revisions) == [2, 3]
    with pytest.raises(Invalid, match="unable to find specified revision 9"):
        await daemon.cluster.undo(NS, "api-gateway", 9)


@on_a_platform
async def test_newest_template_replaces_a_rollout_that_cannot_succeed(daemon: Daemon) -> None:
    old = only_pod(daemon, "tool-service")
    await daemon.cluster.edit("deployments", NS, "tool-service", set_image("nothing:1"), "set image")
    await wait_until_async(lambda: any(pod.waiting == "ImagePullBackOff" for pod in the(daemon, "tool-service").pods))
    assert old.ready, "a rollout that does not succeed removes no pod"
    await daemon.cluster.edit("deployments", NS, "tool-service", set_image("gameday-fakes:local"), "set image")
    await wait_until_async(daemon.cluster.settled)
    assert only_pod(daemon, "tool-service") is old


@on_a_platform
async def test_scaling_changes_the_serving_pods(daemon: Daemon) -> None:
    async def addresses() -> int:
        (subset,) = items(daemon.cluster.get("endpoints", NS, "realtime"), "subsets") or [{}]
        return len(items(subset, "addresses"))

    for count in (5, 2, 0, 1):
        await daemon.cluster.edit("deployments", NS, "realtime", set_replicas(count), "scale")
        await wait_until_async(lambda: daemon.cluster.settled() and len(the(daemon, "realtime").pods) == count)  # noqa: B023
        assert await addresses() == count
    await wait_until_async(lambda: len([pod for pod in daemon.cluster.pods() if pod.name.startswith("realtime")]) == 1)
    for nonsense, message in ((-1, "greater than or equal to 0"), (True, "must be an integer")):
        with pytest.raises(Invalid, match=message):
            await daemon.cluster.edit("deployments", NS, "realtime", set_replicas(nonsense), "scale")
    with pytest.raises(NotFound, match=r'deployments\.apps "nothing" not found'):
        await daemon.cluster.edit("deployments", NS, "nothing", set_replicas(1), "scale")


@on_a_platform
async def test_crashed_container_is_restarted_in_its_pod_and_its_log_is_kept(daemon: Daemon) -> None:
    pod = only_pod(daemon, "tool-service")
    with pytest.raises(Invalid, match="previous terminated container"):
        await anext(daemon.cluster.log(NS, pod.name, previous=True, follow=False, tail=None, since_s=None))
    following = asyncio.create_task(lines(daemon, pod, follow=True))
    with contextlib.suppress(ConnectionError, http.client.HTTPException):
        await fault(daemon, pod, name="crash", status=3)
    assert "crashing on demand" in (await following)[-1]
    await wait_until_async(lambda: pod.waiting == "CrashLoopBackOff" and not pod.ready)
    await wait_until_async(daemon.cluster.settled)
    assert only_pod(daemon, "tool-service") is pod
    (status,) = items(daemon.cluster.get("pods", NS, pod.name), "status", "containerStatuses")
    assert number(status, "restartCount") == 1
    assert number(status, "lastState", "terminated", "exitCode") == 3
    assert "crashing on demand" in (await lines(daemon, pod, previous=True))[-1]
    assert all("crashing" not in line for line in await lines(daemon, pod))
    assert {"BackOff", "Started"} <= set(reasons(daemon, pod.name))


async def lines(daemon: Daemon, pod: Pod, *, previous: bool = False, follow: bool = False) -> list[str]:
    found = daemon.cluster.log(NS, pod.name, previous=previous, follow=follow, tail=None, since_s=None)
    return [line.decode() async for line in found]


@on_a_platform
@pytest.mark.slow
async def test_stuck_process_is_restarted_by_its_liveness_probe(daemon: Daemon) -> None:
    def hurry(one: Obj) -> Obj:
        container = items(one, "spec", "template", "spec", "containers")[0]
        section(container, "livenessProbe").update({"periodSeconds": 0.05, "timeoutSeconds": 0.1})
        return one

    await daemon.cluster.edit("deployments", NS, "inference", hurry, "patch")
    await wait_until_async(daemon.cluster.settled)
    pod = only_pod(daemon, "inference")
    first = pod.run
    await fault(daemon, pod, name="stuck")
    await wait_until_async(lambda: pod.run is not None and pod.run is not first and pod.ready)
    assert any("failed liveness probe" in text(one, "message") for one in daemon.cluster.list("events", NS))


@on_a_platform
async def test_deleted_pod_ends_with_all_processes_started_in_it(daemon: Daemon) -> None:
    pod = only_pod(daemon, "inference")
    assert pod.run is not None
    duration = f"600.{os.getpid()}"  # finds the process: its id is only valid in the pod
    await output(daemon, pod, "sh", "-c", f"sleep {duration} >/dev/null 2>&1 & echo $!")
    (background,) = [
        each.pid for each in psutil.process_iter(["cmdline"]) if each.info["cmdline"] == ["sleep", duration]
    ]
    await daemon.cluster.delete_pod(NS, pod.name, None)
    await wait_until_async(lambda: pod not in daemon.cluster.pods())
    assert not alive(int(pod.runs[-1].container.id.removeprefix("process://")))
    assert not alive(background)
    await wait_until_async(daemon.cluster.settled)
    assert only_pod(daemon, "inference").name != pod.name
    with pytest.raises(NotFound, match=f'pods "{pod.name}" not found'):
        await daemon.cluster.delete_pod(NS, pod.name, None)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@on_a_platform
async def test_log_honours_tail_and_since(daemon: Daemon) -> None:
    pod = only_pod(daemon, "inference")
    assert pod.run is not None
    now = time.time()
    with pod.run.log.open("a") as log:
        for age in (100, 50, 1):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now - age))
            log.write(json.dumps({"time": stamp, "msg": f"{age} s ago"}) + "\nno json\n")

    async def read(tail: int | None, since_s: float | None) -> list[bytes]:
        found = daemon.cluster.log(NS, pod.name, previous=False, follow=False, tail=tail, since_s=since_s)
        return [line async for line in found]

    assert len(await read(3, None)) == 3
    assert [b"50 s ago" in line for line in await read(None, 60)][-4:] == [True, False, False, False]
    assert await read(None, 0.0) == []
    assert len(await read(1, 60)) == 1


@on_a_platform
async def test_exec_has_the_pods_environment_and_nothing_of_the_machines(daemon: Daemon) -> None:
    os.environ["SECRET_OF_THIS_MACHINE"] = "x"
    pod = only_pod(daemon, "api-gateway")
    assert await output(daemon, pod, "cat", "/app/validation_rules.json") == (0, '{"max_length": 10}', "")
    assert (await output(daemon, pod, "sh", "-c", "ls /app | wc -l"))[1] == "1\n"
    assert (await output(daemon, pod, "cat", stdin=b"hello"))[1] == "hello"
    status, out, _ = await output(daemon, pod, "env")
    names = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
    assert status == 0
    assert names["POD_NAME"] == pod.name
    assert "SECRET_OF_THIS_MACHINE" not in names
    for url in ("http://localhost:8080/metrics", "http://127.0.0.1:8080/", "http://inference.production.svc:8080/"):
        status, out, err = await output(daemon, pod, "curl", "-sS", url)
        assert (status, err) == (0, ""), url
        assert json.loads(out)["pod"] == (only_pod(daemon, "inference").name if "inference" in url else pod.name)
    assert (await output(daemon, pod, "curl", "-sS", "http://localhost:9/"))[0] == 7
    assert (await output(daemon, pod, "curl", "-sS", "http://example.com/"))[0] == 6
    with pytest.raises(FileNotFoundError):
        await output(daemon, pod, "no-such-program")
    killed = await daemon.cluster.execute(NS, pod.name, ["sh", "-c", "sleep 600; true"], stdin=None, tty=False)
    killed.kill()
    assert await killed.wait() == 128 + signal.SIGKILL


@on_a_platform
async def test_database_is_reachable_by_its_url_only(daemon: Daemon) -> None:
    pod = only_pod(daemon, "api-gateway")
    question = 'psql "$DATABASE_URL" -Atc "SELECT count(*) > 0 FROM pg_stat_activity"'
    deadline = time.monotonic() + 10
    while (answer := await output(daemon, pod, "sh", "-c", question))[0] != 0 and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    assert answer == (0, "t\n", "")
    for statement in ("SELECT pg_read_file('PG_VERSION')", "COPY (SELECT 1) TO PROGRAM 'true'"):
        refused = await output(daemon, pod, "sh", "-c", f'psql "$DATABASE_URL" -c "{statement}"')
        assert "permission denied" in refused[2], "the role of the services is no superuser"
    status, _, error = await output(daemon, pod, "psql", "-c", "SELECT 1")
    assert status == 2
    assert "No such file or directory" in error
    wrong = await output(
        daemon, pod, "sh", "-c", 'PGPASSWORD=x psql "${DATABASE_URL%%:*}://postgres@${DATABASE_URL#*@}"'
    )
    assert "password authentication failed" in wrong[2]


@on_a_platform
async def test_usage_of_pods_and_node_is_measured(daemon: Daemon) -> None:
    await wait_until_async(lambda: len(daemon.cluster.usage(NS)) == 4 and daemon.cluster.node_usage())
    (node,) = daemon.cluster.node_usage().values()
    assert node.memory_bytes > max(one.memory_bytes for one in daemon.cluster.usage(NS).values()) > 1 << 20


@on_a_platform
async def test_pods_are_restarted_after_the_fork_server_was_killed(daemon: Daemon) -> None:
    before = only_pod(daemon, "inference").run
    (fork_server,) = (group for group in recorded(daemon.folder) if group.what == "fork server")
    os.kill(fork_server.pid, signal.SIGKILL)
    await wait_until_async(lambda: not daemon.cluster.settled())
    await wait_until_async(daemon.cluster.settled)
    assert only_pod(daemon, "inference").run is not before


@on_a_platform
async def test_pod_whose_node_selector_fits_no_node_is_pending_until_one_does(daemon: Daemon) -> None:
    cluster = daemon.cluster

    def select(obj: Obj) -> Obj:
        section(obj, "spec", "template", "spec")["nodeSelector"] = {"disk": "ssd"}
        return obj

    def label(obj: Obj) -> Obj:
        section(obj, "metadata", "labels")["disk"] = "ssd"
        return obj

    await cluster.edit("deployments", NS, "inference", select, "test")
    await wait_until_async(lambda: any(pod.unscheduled for pod in the(daemon, "inference").pods))
    (pending,) = [obj for obj in cluster.list("pods", NS) if text(obj, "status", "phase") == "Pending"]
    assert "nodeName" not in section(pending, "spec")
    assert [text(each, "reason") for each in items(pending, "status", "conditions")] == ["Unschedulable"]
    assert any(text(event, "reason") == "FailedScheduling" for event in cluster.list("events", NS))
    (node,) = cluster.list("nodes", None)
    await cluster.edit("nodes", "", text(node, "metadata", "name"), label, "test")
    await wait_until_async(cluster.settled)
    assert only_pod(daemon, "inference").run is not None

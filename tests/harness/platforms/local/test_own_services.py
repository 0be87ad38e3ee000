"""The local platform with services of the user: commands that know nothing of gameday."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from harness.bindings import OwnService
from harness.errors import StartError
from harness.http import call
from harness.machine import process_ledger
from harness.machine.platform_state import CommandResult
from harness.platforms.base import PlatformOptions
from harness.platforms.local.own_services import start_error
from harness.platforms.local.platform import LocalPlatform
from harness.platforms.local.provider import LocalProvider
from tests.support.network import free_port
from tests.support.own_service import SERVER
from tests.support.platform_shell import in_shell
from tests.support.waiting import wait_until

NAP = f"1000.{os.getpid()}"
"""Seconds of `sleep` that no other program waits for."""


def own(name: str, run: str = SERVER, **more: object) -> OwnService:
    return OwnService(name, run, Path("/"), place=f"gameday.yaml:4:5: {name}", **more)  # type: ignore[arg-type]


def platform_of(folder: Path, *services: OwnService) -> LocalPlatform:
    return LocalPlatform(folder, services={each.name: each for each in services})


SERVICES = (
    own("store", f"({SERVER}) & wait", port=7070, programs=("nproc",)),
    own("web", replicas=2, health="/healthz", metrics="/metrics", needs=("store",),
        env={"STORE": "http://$(STORE_SERVICE_HOST):$(STORE_SERVICE_PORT)", "SPEED": "1"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    made = platform_of(tmp_path_factory.mktemp("own") / "platform", *SERVICES)
    try:
        made.up()
        yield made
    finally:
        made.down()
        assert left(made.folder) == []


def naps() -> list[int]:
    """The `sleep NAP` that still run."""
    return [process.pid for process in psutil.process_iter(["cmdline"]) if NAP in (process.info["cmdline"] or ())]


def left(folder: Path) -> list[str]:
    """Running processes of a platform."""
    return process_ledger.left(folder.parent)


def env_of(platform: LocalPlatform, service: str = "web") -> Mapping[str, str]:
    """The variables of the pod that answers at a Service."""
    answer = call("GET", f"{platform.url(service)}/env")
    assert answer.status == 200, answer
    found: Mapping[str, str] = json.loads(answer.body)
    return found


def test_each_service_is_a_deployment_with_ready_pods(platform: LocalPlatform) -> None:
    assert {name: (one.replicas, one.ready) for name, one in platform.state().items()} == {
        "store": (1, 1),
        "web": (2, 2),
    }
    assert platform.services() == {"store": [7070], "web": [8080]}
    assert platform.deployed()["web"] == {"STORE": "http://$(STORE_SERVICE_HOST):$(STORE_SERVICE_PORT)", "SPEED": "1"}
    assert {answer.status for name in ("store", "web") for answer in platform.health(name).values()} == {200}
    assert [answer.body for answer in platform.scrape("web").values()] == ["requests_total 7\n"] * 2
    assert platform.scrape("store") == {}, "it has no metrics"
    assert not (platform.folder / "postgres").exists()


def test_pod_has_the_variables_of_kubernetes(platform: LocalPlatform) -> None:
    env = env_of(platform)
    host, port = env["STORE_SERVICE_HOST"], env["STORE_SERVICE_PORT"]
    assert (port, env["WEB_SERVICE_PORT"], env["PORT"], env["SPEED"]) == ("7070", "8080", "8080", "1")
    assert env["STORE"] == f"http://{host}:7070" == platform.url("store")
    assert env["POD_NAME"] in platform.state()["web"].pods
    assert env["POD_IP"] not in (host, env["WEB_SERVICE_HOST"])
    assert env["PATH"] == os.environ["PATH"]
    assert env["HOME"].startswith(str(platform.folder))
    assert "ADMIN_TOKEN" not in env


def test_operator_reaches_services_by_name_and_port(platform: LocalPlatform) -> None:
    done = in_shell(platform, "curl -s http://store:7070/healthz http://web.production.svc:8080/healthz")
    assert done.stdout == "well\nwell\n"
    assert in_shell(platform, "curl -s http://store:8080/healthz").returncode == 7, "another port is refused"


def test_kubectl_runs_what_a_pod_may_run(platform: LocalPlatform) -> None:
    assert platform.kubectl("exec", "deployment/web", "-n", "production", "--", "printenv", "SPEED").stdout == "1\n"
    assert int(platform.kubectl("exec", "deployment/store", "-n", "production", "--", "nproc").stdout) > 0
    refused = platform.kubectl("exec", "deployment/web", "-n", "production", "--", "nproc")
    assert "nproc" in refused.stderr, "programs are those of one service"
    assert refused.status != 0
    logs = platform.kubectl("logs", "deployment/store", "-n", "production").stdout.splitlines()
    assert logs[0] == f"listening as {platform.state()['store'].pods[0]}"


def test_usage_is_that_of_everything_that_a_command_has_started(platform: LocalPlatform) -> None:
    top = ("top", "pods", "-n", "production", "--no-headers", "-l", "app=store")
    used = wait_until(lambda: re.search(r" (\d+)Mi", platform.kubectl(*top).stdout), "its usage is measured")
    assert int(used[1]) > 8, "its first process is a bash of 4 MiB, which waits for the server"


ASK = "exec 3<>/dev/tcp/{}/{} || exit 7; printf 'GET /env HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


def test_localhost_of_a_command_in_a_pod_is_the_pod(platform: LocalPlatform) -> None:
    """A `redis-cli flushall` in a pod must not reach the Redis on this machine's own localhost."""

    def ask(host: str, port: int) -> CommandResult:
        script = ASK.format(host, port)
        return platform.kubectl("exec", "deployment/store", "-n", "production", "--", "bash", "-c", script)

    (pod,) = platform.state()["store"].pods
    with closing(socket.create_server(("127.0.0.1", 7070))), closing(socket.create_server(("127.0.0.1", 0))) as other:
        answer = ask("127.0.0.1", 7070).stdout
        assert json.loads(answer.partition("\n\n")[2])["POD_NAME"] == pod
        assert ask("127.0.0.1", other.getsockname()[1]).status == 7, "no other port of this machine"
    web = ask(platform.url("web").split("/")[2].split(":")[0], 8080).stdout
    assert json.loads(web.partition("\n\n")[2])["POD_NAME"] in platform.state()["web"].pods


def test_rollout_and_scaling_go_through_the_front(platform: LocalPlatform) -> None:
    platform.kubectl("set", "env", "deployment/web", "SPEED=2", "-n", "production")
    rolled = platform.kubectl("rollout", "status", "deployment/web", "-n", "production", "--timeout=60s", timeout_s=70)
    assert rolled.status == 0, rolled
    shown = ("get", "pods", "-n", "production", "-l", "app=web", "--no-headers")
    wait_until(lambda: platform.kubectl(*shown).stdout.count("\n") == 2, "the old pods have ended")
    assert env_of(platform)["SPEED"] == "2"
    platform.kubectl("scale", "deployment/web", "--replicas=0", "-n", "production")
    wait_until(lambda: call("GET", platform.url("web")).error.startswith("ConnectionRefused"), "the Service refuses")
    platform.kubectl("scale", "deployment/web", "--replicas=2", "-n", "production")
    wait_until(lambda: platform.state()["web"].ready == 2, "both pods are ready")
    wait_until(lambda: len({env_of(platform)["POD_NAME"] for _ in range(8)}) == 2, "both pods get requests")


def test_everything_that_a_pod_started_ends_with_it_and_with_a_killed_platform(tmp_path: Path) -> None:
    run = f"sleep {NAP} & echo $! > {shlex.quote(str(tmp_path))}/worker.$POD_NAME; {SERVER}"
    platform = platform_of(tmp_path / "platform", own("workers", run, port=7071))
    try:
        platform.up()
        (pod,) = platform.state()["workers"].pods
        worker = psutil.Process(int((tmp_path / f"worker.{pod}").read_text()))
        done = platform.kubectl("delete", "pod", pod, "--grace-period=0", "--force", "-n", "production", timeout_s=30)
        assert done.status == 0, done
        wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, "the worker has ended")
        wait_until(lambda: platform.state()["workers"].ready == 1, "a new pod is ready")
        assert platform.state()["workers"].pods != (pod,)
        (daemon,) = (each for each in process_ledger.recorded(platform.folder) if each.what == "daemon")
        os.kill(daemon.pid, signal.SIGKILL)
        wait_until(lambda: not daemon.leader_lives(), "the daemon has ended")
        ended = LocalProvider(PlatformOptions()).recover(tmp_path)
        assert any(each.startswith("pod workers-") for each in ended), ended
        assert left(platform.folder) == []
    finally:
        platform.down()
    assert naps() == []


DAEMON = f"setsid env -i sleep {NAP} & echo started in the background"


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ("echo one; exec no-such-program --port $PORT",
         "its command ended with status 127 during the start; its last lines:\n"
         "  one\n  bash: line 1: exec: no-such-program: not found"),
        (DAEMON, "its command ended with status 0 during the start; its last lines:\n  started in the background"),
    ],
    ids=["missing program", "daemon"],
)  # fmt: skip
def test_command_that_ends_is_an_error_with_its_place_and_its_last_lines(tmp_path: Path, run: str, why: str) -> None:
    platform = platform_of(tmp_path / "platform", own("db", run, port=7072))
    with pytest.raises(StartError) as refused:
        platform.up()
    assert str(refused.value) == f"gameday.yaml:4:5: db: services.db did not start: {why}"
    assert left(platform.folder) == []
    assert naps() == [], "it left its process group, and its environment"


def test_every_service_that_is_not_healthy_is_named_with_the_reason(tmp_path: Path) -> None:
    port = free_port()
    services = (
        own("web", port=7074, needs=("unwell",)),
        own("unwell", port=7073, health="/healthz", env={"UNWELL": "1"}),
        own("elsewhere", f"POD_IP=127.0.0.1 {SERVER}", port=port),
    )
    platform = platform_of(tmp_path / "platform", *services)
    platform.up_s = 3.0
    with pytest.raises(StartError) as refused:
        platform.up()
    web, *unwell, elsewhere, last = str(refused.value).split("\n")
    assert web == (
        "gameday.yaml:4:5: web: services.web did not start: it needs unwell, of which not all have a ready pod"
    )
    assert unwell[0] == (
        "gameday.yaml:4:5: unwell: services.unwell did not start: not healthy within 3 s: "
        "`health: /healthz` gets HTTP 503; its last lines:"
    )
    assert unwell[-1] == "  GET /healthz 503"
    hint = rf"it listens on 127\.0\.0\.1:{port} and has to listen on \$POD_IP:\$PORT, here 127\.[\d.]+:{port};"
    assert re.search(
        rf"services.elsewhere .* `health: tcp` gets ConnectionRefusedError: .*; {hint} its last", elsewhere
    )
    assert last.startswith("  listening as elsewhere-")
    assert left(platform.folder) == []


def test_address_that_is_in_use_has_a_hint() -> None:
    error = start_error(own("db"), "its last lines:\n  OSError: [Errno 98] Address already in use")
    assert str(error).split("\n")[2:] == [
        "Every pod listens on $POD_IP only: one that listens on all addresses takes its port from all others."
    ]


def test_missing_programs_and_taken_ports_are_named_before_anything_starts() -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("0.0.0.0", 0))
        taken.listen()
        port = taken.getsockname()[1]
        services = {"db": own("db", port=port), "web": own("web", port=free_port(), programs=("no-such-program",))}
        with pytest.raises(StartError) as refused:
            LocalProvider(PlatformOptions(services=services)).check()
    db, web = str(refused.value).split("\n")
    assert db == (
        f"gameday.yaml:4:5: db: services.db.port: port {port} is in use on all addresses; "
        f"end what listens there (`ss -lntp 'sport = :{port}'`), or choose another port"
    )
    assert web == (
        "gameday.yaml:4:5: web: services.web.programs: `no-such-program` is not on PATH; "
        "install it, or remove it from the list"
    )

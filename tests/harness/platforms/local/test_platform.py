"""The local platform with real processes and the real services."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from harness.cluster import kubectl_shim
from harness.cluster.runtimes.process import postgres
from harness.errors import MachineError, PlatformError
from harness.machine import loopback, process_ledger
from harness.platforms.local.platform import LocalPlatform
from harness.steps.changes import Executed, own_changes
from tests.support.paths import FORK_SERVER_STAND_IN
from tests.support.platform_shell import in_shell
from tests.support.waiting import wait_until

CLIENT = Path(kubectl_shim.__file__)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[LocalPlatform]:
    made = LocalPlatform(tmp_path / "platform", fork_server=FORK_SERVER_STAND_IN)
    try:
        made.up()
        yield made
    finally:
        made.down()


def left(folder: Path) -> list[str]:
    """Running processes of a platform, found by their environment and in its ledger."""
    marked = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(process_ledger.MARK) == str(folder) and process.status() != psutil.STATUS_ZOMBIE:
                marked.append(f"{process.pid} {process.cmdline()}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return marked + [group.what for group, _ in process_ledger.living(process_ledger.recorded(folder), folder)]


def listening(platform: LocalPlatform) -> set[str]:
    """Addresses on which a process of the platform listens."""
    members = [
        one
        for _, each in process_ledger.living(process_ledger.recorded(platform.folder), platform.folder)
        for one in each
    ]
    connections = [one for member in members for one in member.net_connections(kind="inet")]
    return {f"{one.laddr.ip}:{one.laddr.port}" for one in connections if one.status == psutil.CONN_LISTEN}


def test_services_become_ready_on_loopback_only_and_leave_no_processes(tmp_path: Path) -> None:
    platform = LocalPlatform(tmp_path, overrides={"api-gateway": {"MAX_RETRIES": "4"}})
    platform.up()
    try:
        state = platform.state()
        assert {name: (one.replicas, one.ready) for name, one in state.items()} == dict.fromkeys(
            ("api-gateway", "inference", "tool-service", "realtime"), (1, 1)
        )
        assert state["api-gateway"].env["MAX_RETRIES"] == "4"
        assert state["api-gateway"].env["TIMEOUT_THRESHOLD_MS"] == "5000"
        assert platform.services() == {name: [8080] for name in state}
        urls = [f"http://{each[0]}:{each[1]}" for each in platform.destinations() if not isinstance(each, str)]
        assert sorted(urls) == sorted(map(platform.url, state))
        assert [Path(each).name for each in platform.destinations() if isinstance(each, str)] == ["control.sock"]
        for name, one in state.items():
            assert {pod: answer.status for pod, answer in platform.health(name).items()} == dict.fromkeys(one.pods, 200)
            assert "# TYPE" in platform.scrape(name)[one.pods[0]].body
            (log,) = platform.log_files(name)
            wait_until(log.read_text)  # a pod writes its log a moment after it answers
            assert json.loads(log.read_text().splitlines()[0])["time"]
            (admin,) = platform.admin(name)
            assert admin.owner == one.pods[0]
        addresses = listening(platform)
        assert len(addresses) >= 13, "a public, a service and an admin address of each pod, and the database"
        assert all(address.startswith("127.") for address in addresses)
    finally:
        platform.down()
    assert left(platform.folder) == []
    assert not list(tmp_path.glob("runtime"))
    platform.down()
    with pytest.raises(PlatformError, match="no platform runs"):
        platform.state()


def test_shell_reaches_services_by_name_and_no_other_host(platform: LocalPlatform) -> None:
    (pod,) = platform.state()["inference"].pods
    for host in ("inference", "inference.production", "inference.production.svc.cluster.local"):
        answer = in_shell(platform, f"curl -sS http://{host}:8080/health | jq -r .pod")
        assert (answer.stdout, answer.stderr) == (f"{pod}\n", ""), host
    assert in_shell(platform, "curl -sS http://inference:80/health").returncode == 7, "a wrong port is refused"
    for outside in ("http://example.com/", "http://192.0.2.1/", "https://nothing:8080/"):
        answer = in_shell(platform, f"curl -sS --max-time 5 {outside}")
        assert answer.returncode == 6, answer.stderr
    assert in_shell(platform, "curl -sS http://localhost:8080/").returncode == 7
    assert in_shell(platform, "python3 -V; wget; nc").stderr.count("command not found") == 3
    variables = dict(line.split("=", 1) for line in in_shell(platform, "env").stdout.splitlines())
    assert not variables.keys() - platform.shell().env.keys() - {"PATH", "PWD", "SHLVL", "_"}


def test_recover_ends_what_a_killed_daemon_left(platform: LocalPlatform) -> None:
    groups = process_ledger.recorded(platform.folder)
    (daemon,) = [group for group in groups if group.what == "daemon"]
    (database,) = [group for group in groups if group.what == "postgres"]
    runtime = (platform.folder / "runtime").readlink()
    os.kill(daemon.pid, signal.SIGKILL)
    wait_until(lambda: not daemon.leader_lives())
    assert database.leader_lives(), "the database outlives its daemon, otherwise this test shows nothing"
    assert any(what.startswith("postgres") for what in process_ledger.recover(platform.folder))
    assert left(platform.folder) == []
    assert not runtime.exists()
    assert process_ledger.recover(platform.folder) == []


def test_recover_ignores_a_recycled_pid(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as stranger:
        try:
            started = psutil.Process(stranger.pid).create_time()
            entry = {"pid": stranger.pid, "pgid": stranger.pid, "start_time": started - 100, "what": "pod x"}
            (tmp_path / "processes.jsonl").write_text(json.dumps(entry) + '\n{"pid": 1')
            assert process_ledger.recover(tmp_path) == []
            assert stranger.poll() is None
            (tmp_path / "processes.jsonl").write_text(json.dumps({**entry, "start_time": started}) + "\n")
            assert process_ledger.recover(tmp_path) == [f"pod x (pid {stranger.pid})"]
        finally:
            stranger.kill()


def test_signal_reaches_a_process_before_it_leads_a_group() -> None:
    with subprocess.Popen(["sleep", "60"]) as forked:
        process_ledger.Group(forked.pid, psutil.Process(forked.pid).create_time(), "pod x").signal(signal.SIGKILL)
        assert forked.wait(5) == -signal.SIGKILL


def test_subnet_is_reserved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loopback, "_prefixes", lambda _: iter(("127.99.1", "127.99.2")))
    with closing(loopback.Subnet()) as first, closing(loopback.Subnet()) as second:
        assert (first.prefix, second.prefix) == ("127.99.1", "127.99.2")
        with pytest.raises(MachineError, match="port 8080 or 29127 is in use"):
            loopback.Subnet()
        first.close()
        with closing(loopback.Subnet()) as again:
            assert again.prefix == "127.99.1"


def test_platform_starts_where_the_path_of_temporary_files_is_too_long_for_sockets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 20)
    deep.mkdir()
    monkeypatch.setenv("TMPDIR", str(deep))
    made = LocalPlatform(tmp_path / "platform", fork_server=FORK_SERVER_STAND_IN)
    try:
        made.up()
        assert made.state()["inference"].ready == 1
    finally:
        made.down()


def test_platform_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from harness.platforms.local.platform import LocalPlatform;"
        f"LocalPlatform(Path({str(tmp_path)!r}), fork_server={FORK_SERVER_STAND_IN!r}).up();"
        "print('up', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        assert left(tmp_path)
        parent.kill()
    wait_until(lambda: not left(tmp_path))


def test_detached_platform_outlives_its_starter_and_can_be_attached(tmp_path: Path) -> None:
    script = (
        "from pathlib import Path; from harness.platforms.local.platform import LocalPlatform;"
        f"LocalPlatform(Path({str(tmp_path)!r}), fork_server={FORK_SERVER_STAND_IN!r}, detach=True).up()"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=20)
    found = LocalPlatform.attach(tmp_path)
    try:
        assert found.state()["inference"].ready == 1
        with pytest.raises(PlatformError, match="already contains a platform"):
            LocalPlatform(tmp_path, fork_server=FORK_SERVER_STAND_IN).up()
    finally:
        found.down()
    assert left(tmp_path) == []
    with pytest.raises(PlatformError):
        LocalPlatform.attach(tmp_path)


def test_two_platforms_are_isolated_from_each_other(platform: LocalPlatform, tmp_path: Path) -> None:
    other = LocalPlatform(tmp_path / "other", fork_server=FORK_SERVER_STAND_IN)
    other.up()
    try:
        mine, theirs = (set(one.state()["inference"].pods) for one in (platform, other))
        assert not listening(platform) & listening(other)
        for one, pods in ((platform, mine), (other, theirs)):
            assert {in_shell(one, "curl -sS http://inference:8080/ | jq -r .pod").stdout.strip()} == pods
    finally:
        other.down()
    assert platform.state()["inference"].ready == 1


def test_failed_start_reports_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PlatformError, match="no such Deployment: gateway"):
        LocalPlatform(tmp_path / "a", overrides={"gateway": {}}).up()
    monkeypatch.setattr("harness.platforms.local.platform.LocalPlatform.up_s", 3.0)
    crashing = LocalPlatform(
        tmp_path / "b", fork_server=FORK_SERVER_STAND_IN, overrides={"realtime": {"CRASH_AT_START": "3"}}
    )
    with pytest.raises(PlatformError, match=r"realtime: .*cannot start: CRASH_AT_START is set"):
        crashing.up()
    assert left(tmp_path / "b") == []
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        MachineError, match=r"missing on PATH: bash, curl, grep.*apt-get install bash coreutils curl grep"
    ):
        LocalPlatform(tmp_path / "c").up()


def test_kubectl_reports_a_platform_that_has_ended(tmp_path: Path) -> None:
    argv = [sys.executable, "-IS", str(CLIENT), str(tmp_path / "no.sock"), "get", "pods"]
    done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"The connection to the server {tmp_path / 'no.sock'} was refused - did you specify the right host or port?\n"
    )


def test_kubectl_reaches_the_platform_and_ends_at_its_time_limit(platform: LocalPlatform) -> None:
    (pod,) = platform.state()["inference"].pods
    shown = platform.kubectl("get", "pods", "-n", "production", "-o", "name")
    assert f"pod/{pod}" in shown.stdout.splitlines(), shown
    shell = platform.shell()
    argv = [f"{shell.path}/kubectl", "logs", "-f", "-n", "production", pod]
    env = {**shell.env, "PATH": shell.path}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as following:
        assert following.stdout is not None
        assert "started" in following.stdout.readline()
        following.terminate()
        assert following.wait(5) == 1
    endless = "sh -c 'while echo x; do :; done'"
    piped = in_shell(platform, f"kubectl exec -n production {pod} -- {endless} | head -n 1; echo ${{PIPESTATUS[0]}}")
    assert piped.stdout == "x\n141\n"
    echoed = in_shell(platform, f"echo hello | kubectl exec -i -n production {pod} -- cat")
    assert (echoed.returncode, echoed.stdout) == (0, "hello\n")
    assert platform.kubectl("logs", "-f", "-n", "production", pod, timeout_s=0.3).status == 124


def executed(platform: LocalPlatform) -> list[str]:
    """Commands that `kubectl exec` has started and that still run."""
    recorded = process_ledger.recorded(platform.folder)
    return [group.what for group, _ in process_ledger.living(recorded, platform.folder) if "exec" in group.what]


def test_exec_ends_when_its_client_is_killed(platform: LocalPlatform) -> None:
    (pod,) = platform.state()["inference"].pods
    shell = platform.shell()
    argv = [f"{shell.path}/kubectl", "exec", "-n", "production", pod, "--", "sh", "-c", "echo in; sleep 600; true"]
    env = {**shell.env, "PATH": shell.path}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "in\n"
        assert executed(platform)
        running.kill()
    wait_until(lambda: not executed(platform))


def test_removed_probe_is_a_change_of_the_step_that_removed_it(platform: LocalPlatform) -> None:
    path = "/spec/template/spec/containers/0/livenessProbe"
    before = platform.state()
    remove = json.dumps([{"op": "remove", "path": path}])
    patch = ("patch", "deployment", "realtime", "-n", platform.namespace, "--type", "json", "-p", remove)
    assert platform.kubectl(*patch).status == 0
    after = platform.state()
    command = Executed(" ".join(patch), ("replicas", "template"))
    (change,) = (one for one in own_changes(before, after, after, command) if "livenessProbe" in one)
    assert change.startswith("deployment/realtime livenessProbe {")
    assert change.endswith("} -> (not set)")


def test_kill_in_a_pod_reaches_the_pod_only(platform: LocalPlatform) -> None:
    (pod,) = platform.state()["inference"].pods

    def in_pod(command: str) -> subprocess.CompletedProcess[str]:
        return in_shell(platform, f"kubectl exec -n production {pod} -- {command}")

    def restarts() -> str:
        where = "{.status.containerStatuses[0].restartCount}"
        return platform.kubectl("get", "pod", pod, "-n", "production", "-o", f"jsonpath={where}").stdout

    with subprocess.Popen(["sleep", "600"], start_new_session=True) as stranger:
        try:
            assert in_pod(f"kill -9 {stranger.pid}").returncode == 1
            assert in_pod(f"sh -c 'kill -9 {stranger.pid}'").returncode == 1
            assert in_pod("sh -c 'kill -9 -1; kill -9 1; kill -HUP 1'").returncode == 0
            assert (stranger.poll(), restarts()) == (None, "0")
        finally:
            stranger.kill()
    log = platform.log_files("inference")[0]
    assert "stopping" not in log.read_text()
    assert in_pod("kill 1").returncode == 0
    wait_until(lambda: restarts() == "1", "the restart of the container")
    assert "stopping" in log.read_text()


def test_exec_shows_the_service_as_process_1(platform: LocalPlatform) -> None:
    (pod,) = platform.state()["inference"].pods
    shown = in_shell(platform, f"kubectl exec -n production {pod} -- cat /proc/1/cmdline").stdout
    assert shown.split("\0")[:-1] == list(FORK_SERVER_STAND_IN)
    processes = in_shell(platform, f"kubectl exec -n production {pod} -- sh -c 'ls /proc'").stdout.split()
    assert sorted(int(each) for each in processes if each.isdecimal()) == [1, 2, 3]
    background = in_shell(platform, f"kubectl exec -n production {pod} -- sh -c 'sleep 600 >/dev/null 2>&1 & exit 4'")
    assert background.returncode == 4, "the command ends, what it left in the background runs on"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become another user")
def test_database_starts_as_root_without_user_namespaces(tmp_path: Path) -> None:
    """`not_root.py` with unshare failing, in a folder that only root may enter."""
    closed = tmp_path / "closed"
    (closed / "data").mkdir(parents=True)
    closed.chmod(0o700)
    script = closed / "not_root.py"
    script.write_text(postgres.NOT_ROOT.read_text().replace("ctypes.CDLL(None).unshare(CLONE_NEWUSER)", "True"))
    initdb = shutil.which("initdb", path=str(postgres.binaries()))
    argv = [sys.executable, "-IS", str(script), str(closed / "data"), initdb, "-D", str(closed / "data"), "--no-sync"]
    done = subprocess.run(argv, capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, done.stderr
    assert (closed / "data" / "PG_VERSION").stat().st_uid != 0

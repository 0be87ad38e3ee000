"""The docker platform on a real engine: containers, Services, limits, and the end of the platform."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from harness.cluster import manifest
from harness.http import call
from harness.machine import process_ledger, quantities
from harness.machine.cpu_waits import CpuWaits
from harness.machine.objects import items, section
from harness.machine.platform_state import CommandResult
from harness.platforms.docker.platform import DockerPlatform
from harness.platforms.docker.provider import DockerProvider
from tests.support.docker import parts, ready_provider
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
NS = ("-n", "production")
GOOD = json.dumps({"model": "small", "prompt": "a short poem", "max_tokens": 16})


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerProvider]:
    with ready_provider(tmp_path_factory.mktemp("shared")) as made:
        yield made


@pytest.fixture(scope="module")
def platform(provider: DockerProvider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerPlatform]:
    made = provider.create(tmp_path_factory.mktemp("docker"), "treatment", {"realtime": {"SEND_QUEUE": "7"}})
    try:
        made.up()
        yield made
    finally:
        made.down()
        assert parts(made.folder) == {}


def kubectl(platform: DockerPlatform, line: str) -> CommandResult:
    return platform.kubectl(*line.split(), *NS)


def infer(platform: DockerPlatform) -> int:
    shell = platform.shell()
    argv = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "X-Tenant: acme", "-d", GOOD]
    done = subprocess.run(
        [f"{shell.path}/curl", *argv[1:], "http://api-gateway:8080/v1/infer"],
        env=dict(shell.env), capture_output=True, text=True, check=False,
    )  # fmt: skip
    return int(done.stdout)


def test_pods_proxies_and_database_are_labelled_containers(platform: DockerPlatform) -> None:
    pods = {f"pod {name}" for state in platform.state().values() for name in state.pods}
    services = {f"service {name}" for name in platform.services()}
    assert set(parts(platform.folder)) == {*pods, *services, "database", "network"}
    assert len(pods) == len(services) == 4
    assert platform.state()["realtime"].env["SEND_QUEUE"] == "7"


def test_load_reaches_the_proxies_without_the_port_forwarder_of_the_engine(platform: DockerPlatform) -> None:
    shown = platform.kubectl("get", "service", "inference", *NS, "-o", "jsonpath={.spec.clusterIP}")
    assert platform.url("inference") == f"http://{shown.stdout}:8080"
    assert call("GET", f"{platform.url('inference')}/health").status == 200


def test_request_passes_all_services_and_is_stored_in_the_database(platform: DockerPlatform) -> None:
    assert infer(platform) == 200
    count = "psql $DATABASE_URL -tAc 'SELECT count(*) FROM requests WHERE status = 200'"

    def written() -> bool:
        output = platform.kubectl("exec", "deployment/api-gateway", *NS, "--", "sh", "-c", count)
        return output.status == 0 and int(output.stdout) >= 1

    wait_until(written, "the row is in the database")
    for deployment in platform.state():
        assert {answer.status for answer in platform.health(deployment).values()} == {200}
        assert all("# TYPE" in answer.body for answer in platform.scrape(deployment).values())
    wait_until(lambda: "tool-service" in kubectl(platform, "top pods").stdout, "usage is measured")


def test_exec_runs_a_command_in_the_container(platform: DockerPlatform) -> None:
    def run(*argv: str) -> CommandResult:
        return platform.kubectl("exec", "deployment/realtime", *NS, "--", *argv)

    assert run("sh", "-c", "echo out; echo err >&2; exit 3") == CommandResult(
        3, "out\n", "err\ncommand terminated with exit code 3\n"
    )
    assert run("id", "-u").stdout == "10001\n"
    assert "websocket_connections_active" in run("curl", "-s", "http://localhost:8080/metrics").stdout
    assert 'exec: "nope": executable file not found in $PATH' in run("nope").stderr
    shell = platform.shell()
    fed = subprocess.run(
        [f"{shell.path}/kubectl", "exec", "-i", "deployment/realtime", *NS, "--", "wc", "-c"],
        input="x" * 1_000_000, env={**shell.env, "PATH": shell.path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert fed.stdout.strip() == "1000000"


def test_processor_time_of_a_pod_is_that_of_the_run(provider: DockerProvider, platform: DockerPlatform) -> None:
    waits = CpuWaits(os.getpid(), lambda: provider.containers(platform.folder))
    argv = [f"{platform.shell().path}/kubectl", "exec", "deployment/realtime", *NS, "--", "timeout", "20", "sh", "-c"]
    with subprocess.Popen([*argv, "while :; do :; done"], env=dict(platform.shell().env)) as busy:
        try:
            wait_until(lambda: (sample := waits.sample()).ran_s > 0.2 * sample.seconds > 0.0, "the loop is seen")
        finally:
            busy.terminate()


def test_dead_container_is_restarted_and_its_log_is_kept(platform: DockerPlatform) -> None:
    from harness.cluster.runtimes.container.engine import client

    (pod,) = platform.state()["tool-service"].pods
    client().containers.get(parts(platform.folder)[f"pod {pod}"]).kill()
    shown = "get pod {} -o jsonpath={{.status.containerStatuses[0].{}}}"
    wait_until(lambda: kubectl(platform, shown.format(pod, "restartCount")).stdout == "1", "it was restarted")
    assert kubectl(platform, shown.format(pod, "lastState.terminated.exitCode")).stdout == "137"
    wait_until(lambda: platform.state()["tool-service"].ready == 1, "it is ready again")
    assert '"started"' in kubectl(platform, f"logs {pod} --previous").stdout
    assert '"started"' in kubectl(platform, f"logs {pod}").stdout
    assert len(platform.log_files("tool-service")) == 2


def test_service_distributes_connections_and_refuses_without_a_pod(platform: DockerPlatform) -> None:
    assert kubectl(platform, "scale deployment inference --replicas=3").status == 0
    assert kubectl(platform, "rollout status deployment inference --timeout=60s").status == 0
    calls = "for i in $(seq 40); do curl -s -o /dev/null -d '{}' http://inference:8080/infer; done"
    platform.kubectl("exec", "deployment/api-gateway", *NS, "--", "sh", "-c", calls)
    took = [answer.body for answer in platform.scrape("inference").values()]
    assert len(took) == 3
    assert all(re.search(r"^requests_total.* [1-9]", text, re.MULTILINE) for text in took), took
    kubectl(platform, "scale deployment inference --replicas=0")
    wait_until(lambda: not platform.state()["inference"].pods, "no pod is left")
    ask = ["exec", "deployment/api-gateway", *NS, "--", "curl", "-sS", "http://inference:8080/health"]
    refused = platform.kubectl(*ask)
    assert (refused.status, "Could not connect to server" in refused.stderr) == (7, True)
    assert infer(platform) >= 500
    kubectl(platform, "scale deployment inference --replicas=1")
    assert kubectl(platform, "rollout status deployment inference --timeout=60s").status == 0
    wait_until(lambda: infer(platform) == 200, "the Service answers again")


def test_containers_have_the_requests_and_limits_of_the_manifest(platform: DockerPlatform) -> None:
    from harness.cluster.runtimes.container.engine import client

    def host_config() -> dict[str, int]:
        (pod,) = platform.state()["tool-service"].pods
        config = client().containers.get(parts(platform.folder)[f"pod {pod}"]).attrs["HostConfig"]
        return {name: config[name] for name in ("CpuShares", "NanoCpus", "Memory")}

    (container,) = items(manifest.template(manifest.read().deployments["tool-service"]), "spec", "containers")
    cores = quantities.parse(section(container, "resources", "requests")["cpu"])
    assert cores is not None
    shares = round(1024 * cores)
    assert host_config() == {"CpuShares": shares, "NanoCpus": 0, "Memory": 0}
    changed = {"name": "app", "resources": {"limits": {"cpu": "500m", "memory": "256Mi"}}}
    patch = json.dumps({"spec": {"template": {"spec": {"containers": [changed]}}}})
    assert platform.kubectl("patch", "deployment", "tool-service", *NS, "-p", patch).status == 0
    assert kubectl(platform, "rollout status deployment tool-service --timeout=60s").status == 0
    wait_until(lambda: len(platform.state()["tool-service"].pods) == 1, "the old pod has ended")
    assert host_config() == {"CpuShares": shares, "NanoCpus": 500_000_000, "Memory": 256 << 20}


def test_fault_is_injected_at_the_admin_port(platform: DockerPlatform) -> None:
    (port,) = platform.admin("inference")
    body, headers = {"name": "slot-loss", "max_duration_s": 30, "slots": 1}, {"Authorization": f"Bearer {port.token}"}
    assert call("POST", f"{port.url}/faults", body, headers).status == 201
    assert call("POST", f"{port.url}/faults", body, {}).status == 403
    assert call("DELETE", f"{port.url}/faults", headers=headers).status == 204


def test_two_platforms_are_isolated_from_each_other(
    provider: DockerProvider, platform: DockerPlatform, tmp_path: Path
) -> None:
    other = provider.create(tmp_path / "other", "control", {})
    try:
        other.up()
        assert not set(parts(other.folder).values()) & set(parts(platform.folder).values())
        theirs = other.kubectl("get", "endpoints", "inference", *NS, "-o", "jsonpath={.subsets[0].addresses[0].ip}")
        reach = platform.kubectl(
            "exec", "deployment/api-gateway", *NS, "--", "curl", "-sS", "-m", "2", f"http://{theirs.stdout}:8080/health"
        )
        assert reach.status != 0, "a pod of one platform reaches a pod of the other"
    finally:
        other.down()
    assert parts(other.folder) == {}
    assert platform.state()["inference"].ready == 1


def test_platform_ends_when_a_service_proxy_ends(provider: DockerProvider, tmp_path: Path) -> None:
    from harness.cluster.runtimes.container.engine import client

    platform = provider.create(tmp_path, "treatment", {})
    try:
        platform.up()
        client().containers.get(parts(tmp_path)["service realtime"]).kill()
        wait_until(lambda: parts(tmp_path) == {}, "everything has ended")
        assert "the proxy of service realtime ended with status 137" in (tmp_path / "daemon.log").read_text()
        assert "endpoints changed" in (tmp_path / "services" / "realtime.log").read_text()
    finally:
        platform.down()


STARTER = (
    "import sys, time; from pathlib import Path; from harness.platforms.docker.platform import DockerPlatform, Images;"
    "DockerPlatform(Path(sys.argv[1]), images=Images(*sys.argv[2:])).up(); print('up', flush=True); time.sleep(600)"
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_platform_ends_with_the_process_that_started_it(
    provider: DockerProvider, tmp_path: Path, number: signal.Signals
) -> None:
    with _started(provider, tmp_path) as starter:
        assert len(parts(tmp_path)) == 10
        starter.send_signal(number)
        wait_until(lambda: parts(tmp_path) == {}, "the daemon has removed everything")


def test_recover_after_sigkill_removes_only_this_platform(provider: DockerProvider, tmp_path: Path) -> None:
    from harness.cluster.runtimes.container.engine import client

    images = provider._images
    assert images is not None
    neighbour = client().containers.run(
        images.fakes, "inference", detach=True, name=f"pod-inference-{os.getpid()}",
        labels={"gameday.platform": "another", "gameday.part": "pod inference"},
    )  # fmt: skip
    try:
        with _started(provider, tmp_path) as starter:
            (daemon,) = [group for group in process_ledger.recorded(tmp_path) if group.what == "daemon"]
            starter.kill()
            psutil.Process(daemon.pid).kill()
            wait_until(lambda: not daemon.leader_lives(), "the daemon has ended")
            assert len(parts(tmp_path)) == 10, "its daemon was killed, so nothing removed them"
            removed = provider.recover(tmp_path)
        assert len(removed) == 10
        assert any(each.startswith("database (container ") for each in removed)
        assert parts(tmp_path) == {}
        assert provider.recover(tmp_path) == []
        neighbour.reload()
        assert neighbour.status == "running"
    finally:
        neighbour.remove(force=True)


def _started(provider: DockerProvider, folder: Path) -> subprocess.Popen[str]:
    images = provider._images
    assert images is not None
    argv = [sys.executable, "-c", STARTER, str(folder), images.fakes, images.postgres]
    starter = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline() == "up\n"
    return starter

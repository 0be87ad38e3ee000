"""Drills on a real kind cluster, from its creation to its deletion; takes minutes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import Target
from harness.faults.factory import make_fault
from harness.platforms.kubernetes import kind
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.release import TREATMENT, namespaces, shipped_release
from tests.support.gameday import gameday, running
from tests.support.kind import DRILL_S, UP_S, containers, missing, verdict
from tests.support.paths import RUNBOOK
from tests.support.platform_shell import in_shell
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which `gameday up --platform kind` was run; nothing is left of it."""
    if why := missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("kind")
    try:
        up = gameday("up", "--platform", "kind", cwd=folder, timeout_s=UP_S)
        assert up.returncode == 0, up.stderr
        yield folder
    finally:
        down = gameday("down", cwd=folder, timeout_s=60)
        assert down.returncode == 0, down.stderr
        assert containers() == []


def place(cluster: Path) -> ClusterRef:
    return ClusterRef(cluster / "runs" / "platform" / "cluster.kubeconfig")


def test_the_nodes_are_the_containers_of_the_cluster(cluster: Path) -> None:
    argv = ["docker", "inspect", "--format", "{{.Id}}", *containers()]
    ids = subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()
    assert sorted(kind.nodes(kind.name())) == sorted(ids) != []
    assert kind.nodes("another") == []


@pytest.fixture
def platform(cluster: Path, tmp_path: Path) -> Iterator[KubernetesPlatform]:
    overrides = {"api-gateway": {"MAX_RETRIES": "4"}}
    one = KubernetesPlatform(tmp_path / "platform", place(cluster), shipped_release(TREATMENT), overrides)
    one.up()
    try:
        yield one
    finally:
        one.down()


def admin(cluster: Path, *argv: str) -> str:
    """kubectl with the cluster's own credentials."""
    argv = ["kubectl", f"--kubeconfig={place(cluster).kubeconfig}", *argv]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def test_namespace_implements_the_platform_contract(platform: KubernetesPlatform) -> None:
    state = platform.state()
    assert {name: (one.replicas, one.ready) for name, one in state.items()} == dict.fromkeys(
        ("api-gateway", "inference", "tool-service", "realtime"), (1, 1)
    )
    assert state["api-gateway"].env["MAX_RETRIES"] == "4"
    assert platform.deployed()["api-gateway"]["MAX_RETRIES"] == "3"
    assert platform.services() == {name: [8080] for name in state}
    for name, one in state.items():
        assert {pod: answer.status for pod, answer in platform.health(name).items()} == dict.fromkeys(one.pods, 200)
        assert "# TYPE" in platform.scrape(name)[one.pods[0]].body
        wait_until(lambda name=name: any(path.read_text() for path in platform.log_files(name)))  # type: ignore[misc]
        assert [port.owner for port in platform.admin(name)] == list(one.pods)
    assert platform.kubectl("scale", "deployment/inference", "--replicas=2", "-n", "production").status == 0
    wait_until(lambda: platform.state()["inference"].ready == 2, limit_s=60)
    reasons = {json.loads(line)["reason"] for line in (platform.folder / "events.jsonl").read_text().splitlines()}
    assert "ScalingReplicaSet" in reasons


def test_shell_reaches_only_its_namespace(platform: KubernetesPlatform) -> None:
    assert in_shell(platform, "curl -sSf http://inference.production:8080/health").returncode == 0
    assert in_shell(platform, "curl -sS http://inference:80/health").returncode == 7
    assert in_shell(platform, "curl -sS http://example.com/").returncode == 6
    assert in_shell(platform, "kubectl get pods -n production | grep inference").returncode == 0
    for beyond in ("get pods -n production-control", "get secrets -n production", "delete node --all", "get pods -A"):
        answer = in_shell(platform, f"kubectl {beyond}")
        assert (answer.returncode, "Forbidden" in answer.stderr) == (1, True), beyond
    assert platform.kubectl("scale", "deployment/tool-service", "--replicas=0", "-n", "production").status == 0
    wait_until(lambda: in_shell(platform, "curl -sS http://tool-service:8080/health").returncode == 7, limit_s=30)


def test_second_drill_in_the_namespace_is_refused(platform: KubernetesPlatform, cluster: Path, tmp_path: Path) -> None:
    run = gameday(
        "run", RUNBOOK, "--only", "TIMEOUT", "--platform", "kind", "--out", "run", cwd=tmp_path, timeout_s=200
    )
    assert run.returncode in (0, 2, 3)
    assert verdict(tmp_path / "run") == "inconclusive"
    assert "runs a drill" in run.stdout + run.stderr
    assert platform.state()["api-gateway"].ready == 1, "it was left alone"


def test_platform_faults_are_applied_and_reverted(platform: KubernetesPlatform) -> None:
    target = Target(platform, None)  # type: ignore[arg-type]
    kill = make_fault(FaultSpec("inference", "pod-kill"))
    (before,) = platform.state()["inference"].pods
    injection = kill.prepare(target)
    injection.apply()
    wait_until(lambda: (now := platform.state()["inference"]).ready == 1 and before not in now.pods, limit_s=60)
    injection.revert()
    empty = make_fault(FaultSpec("inference", "scale-to-zero"))
    injection = empty.prepare(target)
    injection.apply()
    wait_until(lambda: platform.state()["inference"].pods == (), limit_s=60)
    injection.revert()
    injection.revert()
    wait_until(lambda: platform.state()["inference"].ready == 1, limit_s=60)
    assert platform.state()["inference"].replicas == 1


def burners(platform: KubernetesPlatform) -> int:
    argv = ("exec", "deployment/inference", "-n", "production", "--", "sh", "-c", "cat /proc/[0-9]*/cmdline")
    return platform.kubectl(*argv).stdout.count("while :; do :; done")


@pytest.mark.parametrize("by_itself", [False, True])
def test_cpu_pressure_ends_by_revert_and_by_its_maximum_duration(platform: KubernetesPlatform, by_itself: bool) -> None:
    target = Target(platform, None)  # type: ignore[arg-type]
    burn = make_fault(FaultSpec("inference", "cpu-pressure", {"workers": 1}, 3.0 if by_itself else 200.0))
    injection = burn.prepare(target)
    injection.apply()
    assert by_itself or burners(platform) > 0
    if not by_itself:
        injection.revert()
    wait_until(lambda: burners(platform) == 0, limit_s=30)
    injection.revert()


def test_partition_cuts_the_connection_or_reports_that_it_cannot(platform: KubernetesPlatform) -> None:
    target = Target(platform, None)  # type: ignore[arg-type]
    cut = make_fault(FaultSpec("inference", "partition", {"from": "api-gateway"}))
    injection = cut.prepare(target)

    def passes() -> bool:
        argv = ("exec", "deployment/api-gateway", "-n", "production", "--", "curl", "-sS", "--max-time", "3")
        return platform.kubectl(*argv, "http://inference:8080/health/live").status == 0

    try:
        injection.apply()
        assert not passes()
    except PlatformError as error:
        assert "does not enforce NetworkPolicies" in str(error)  # noqa: PT017
        assert passes()
    injection.revert()
    assert passes()
    assert "gameday-partition" not in platform.kubectl("get", "networkpolicies", "-n", "production").stdout


def test_names_cannot_be_resolved_or_it_reports_that_it_cannot(platform: KubernetesPlatform) -> None:
    def finds() -> bool:
        argv = ("exec", "deployment/api-gateway", "-n", "production", "--", "timeout", "3", "getent", "hosts")
        return platform.kubectl(*argv, "inference").status == 0

    injection = make_fault(FaultSpec("api-gateway", "dns-failure")).prepare(Target(platform, None))  # type: ignore[arg-type]
    assert finds()
    try:
        injection.apply()
        assert injection.state().state == "active"
        assert not finds()
    except PlatformError as error:
        assert "does not enforce NetworkPolicies" in str(error)  # noqa: PT017
        assert finds()
    injection.revert()
    wait_until(finds)
    assert "gameday-dns-failure" not in platform.kubectl("get", "networkpolicies", "-n", "production").stdout


VOLUME = json.dumps(
    {"spec": {"template": {"spec": {
        "volumes": [{"name": "volume", "emptyDir": {"medium": "Memory", "sizeLimit": "8Mi"}}],
        "containers": [{"name": "app", "volumeMounts": [{"name": "volume", "mountPath": "/volume"}]}],
    }}}}
)  # fmt: skip


def test_volume_of_a_pod_is_full_until_the_revert(cluster: Path, platform: KubernetesPlatform) -> None:
    admin(cluster, "-n", "production", "patch", "deployment/inference", "--type=strategic", "-p", VOLUME)
    admin(cluster, "-n", "production", "rollout", "status", "deployment/inference", "--timeout=120s")

    def writes() -> bool:
        new = "echo 1 > /volume/$$"  # to a new file: one that is there has its page already
        argv = ("exec", "deployment/inference", "-n", "production", "--", "sh", "-c", new)
        return platform.kubectl(*argv).status == 0

    wait_until(lambda: len(platform.state()["inference"].pods) == 1 and writes())
    fault = make_fault(FaultSpec("inference", "full-disk", {"path": "/volume"}))
    injection = fault.prepare(Target(platform, None))  # type: ignore[arg-type]
    injection.apply()
    try:
        assert injection.state().state == "active"
        assert not writes()
    finally:
        injection.revert()
    assert writes()


def test_killed_run_is_recovered_from_another_machine(cluster: Path, tmp_path: Path) -> None:
    """SIGKILL in the middle of an incident; then nothing but a kubeconfig."""
    with running("run", RUNBOOK, "--only", "TIMEOUT", "--platform", "kind", "--out", "run", cwd=tmp_path) as run:
        run.wait_for(r"── symptoms", DRILL_S)
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
    gameday("recover", "run", cwd=tmp_path)  # its load on this machine; and the cluster, by what the run left there
    for namespace in namespaces().values():
        assert admin(cluster, "-n", namespace, "get", "configmap", "gameday-before", "-o", "jsonpath={.data}") == ""
    elsewhere = tmp_path / "elsewhere"
    shutil.copy(str(place(cluster).kubeconfig), elsewhere)
    env = {**os.environ, "KUBECONFIG": str(elsewhere)}
    again = gameday("recover", "--context", f"kind-{kind.name()}", cwd=tmp_path, env=env)
    assert (again.returncode, "nothing was left" in again.stdout) == (0, True)
    retries = "jsonpath={.spec.template.spec.containers[0].env[?(@.name=='MAX_RETRIES')].value}"
    assert admin(cluster, "-n", "production", "get", "deployment/api-gateway", "-o", retries) == "3"


def test_demo_drill_passes_and_restores_the_cluster(cluster: Path, tmp_path: Path) -> None:
    argv = ("run", RUNBOOK, "--only", "TIMEOUT", "--platform", "kind", "--jobs", "2", "--out", "run")
    run = gameday(*argv, cwd=tmp_path, timeout_s=DRILL_S)
    assert run.returncode == 0, run.stdout + run.stderr
    assert verdict(tmp_path / "run") == "passed"
    assert "kind runs 1 drill at a time" in run.stderr
    assert not list((tmp_path / "run").rglob("*.kubeconfig")), "a run directory is shown to others"
    replicas = admin(cluster, "-n", "production", "get", "deployments", "-o", "jsonpath={.items[*].spec.replicas}")
    assert replicas == "1 1 1 1"
    assert admin(cluster, "-n", "production-control", "get", "deployments", "-o", "name") == ""


def test_existing_cluster_needs_the_sandbox_mark_and_is_restored(cluster: Path, tmp_path: Path) -> None:
    """Last in this file, because it deletes everything of ours from the cluster."""
    env = {**os.environ, "KUBECONFIG": str(place(cluster).kubeconfig)}
    context = ("--platform", "kubernetes", "--context", f"kind-{kind.name()}")
    before = admin(cluster, "get", "deployments", "-A", "-o", "jsonpath={.items[*].metadata.uid}")
    admin(cluster, "annotate", "namespace", "production", "gameday.dev/sandbox-")
    refused = gameday("run", RUNBOOK, *context, cwd=tmp_path, env=env)
    assert refused.returncode == 2
    assert f"--context kind-{kind.name()} annotate namespace production gameday.dev/sandbox=true" in refused.stderr
    assert "namespace production-control" not in refused.stderr
    assert admin(cluster, "get", "deployments", "-A", "-o", "jsonpath={.items[*].metadata.uid}") == before
    admin(cluster, "annotate", "namespace", "production", "gameday.dev/sandbox=true")
    up = gameday("up", *context, cwd=tmp_path, env=env, timeout_s=200)
    assert up.returncode == 0, up.stderr
    assert "export KUBECONFIG=" in up.stdout
    down = gameday("down", *context, cwd=tmp_path, env=env, timeout_s=100)
    assert down.returncode == 0, down.stderr
    for namespace in namespaces().values():
        kinds = "deployments,statefulsets,services,networkpolicies,roles,persistentvolumeclaims,secrets"
        assert admin(cluster, "-n", namespace, "get", kinds, "-o", "name") == "", "nothing of ours is left"

"""Manifests of the user on a real kind cluster, drilled by an ordinary account; takes minutes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.bindings import FaultSpec, load
from harness.errors import PlatformError
from harness.faults.base import Target
from harness.faults.factory import make_fault
from harness.http import call
from harness.platforms.kubernetes import kind
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.release import TREATMENT, own_release
from tests.support.gameday import gameday, running
from tests.support.kind import DRILL_S, UP_S, containers, missing
from tests.support.paths import ROOT
from tests.support.platform_shell import in_shell
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow]
EXAMPLE = ROOT / "examples" / "kubernetes-shop"


@dataclass(frozen=True)
class Cluster:
    """A kind cluster, and a folder with the example, whose treatment runs in the namespace `shop`."""

    folder: Path
    kubeconfig: Path

    def admin(self, *argv: str, stdin: str | None = None) -> str:
        """kubectl with the cluster's own credentials."""
        argv = ("kubectl", f"--kubeconfig={self.kubeconfig}", *argv)
        return subprocess.run(argv, capture_output=True, text=True, check=True, input=stdin).stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if why := missing():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("own") / "shop"
    shutil.copytree(EXAMPLE, folder)
    base = os.environ.get("GAMEDAY_BASE_IMAGE")
    argument = ["--build-arg", f"BASE={base}"] if base else []
    image = ["docker", "build", "--quiet", "-t", "gameday-example-shop:dev", *argument, str(folder / "image")]
    subprocess.run(image, capture_output=True, check=True)
    try:
        up = gameday("up", "--platform", "kind", cwd=folder, timeout_s=UP_S)
        assert up.returncode == 0, up.stderr
        yield Cluster(folder, folder / "runs" / "platform" / "cluster.kubeconfig")
    finally:
        down = gameday("down", cwd=folder, timeout_s=60)
        assert down.returncode == 0, down.stderr
        assert containers() == []


@pytest.fixture(scope="module")
def platform(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesPlatform]:
    manifests = load(cluster.folder / "gameday.yaml").manifests
    assert manifests is not None
    folder = tmp_path_factory.mktemp("platform")
    one = KubernetesPlatform(folder, ClusterRef(cluster.kubeconfig), own_release(manifests, TREATMENT), {})
    one.up()
    try:
        yield one
    finally:
        one.down()


def test_namespace_implements_the_platform_contract(platform: KubernetesPlatform) -> None:
    state = platform.state()
    assert {name: (one.replicas, one.ready) for name, one in state.items()} == {"web": (2, 2), "cache": (1, 1)}
    assert platform.services() == {"web": [80], "cache": [6400]}
    assert call("GET", f"{platform.url('web')}/books").body == "page /books\n"
    for name, one in state.items():
        assert {pod: answer.status for pod, answer in platform.health(name).items()} == dict.fromkeys(one.pods, 200)
    assert {answer.body.split()[1] for answer in platform.scrape("web").values()} == {"TYPE"}
    assert platform.scrape("cache") == {}
    assert (platform.admin("web"), platform.fronts("web")) == ((), ())
    assert platform.deployed()["web"]["DATABASE_CONNECTIONS"] == "1"


def test_shell_reaches_only_its_namespace(platform: KubernetesPlatform) -> None:
    assert in_shell(platform, "curl -sSf http://web.shop/books").stdout == "page /books\n"
    assert in_shell(platform, "curl -sS http://web:8080/").returncode == 7
    assert in_shell(platform, "curl -sS http://example.com/").returncode == 6
    for beyond in ("get pods -n shop-control", "get secrets -n shop", "delete services --all -n shop", "get pods -A"):
        answer = in_shell(platform, f"kubectl {beyond}")
        assert (answer.returncode, "Forbidden" in answer.stderr) == (1, True), beyond


def test_platform_faults_work_on_any_deployment(platform: KubernetesPlatform) -> None:
    target = Target(platform, None)  # type: ignore[arg-type]
    empty = make_fault(FaultSpec("cache", "scale-to-zero")).prepare(target)
    empty.apply()
    wait_until(lambda: platform.state()["cache"].pods == (), limit_s=60)
    pod, *_ = platform.state()["web"].pods

    def missed() -> bool:
        """Whether a page was served, and the log has that the cache was missed: kube-proxy follows with a delay."""
        served = call("GET", f"{platform.url('web')}/new").status == 200
        return served and any("cache GET failed" in path.read_text() for path in platform.log_files("web"))

    wait_until(missed, limit_s=30)
    assert in_shell(platform, "curl -sS http://cache:6400/").returncode == 7, "nothing answers behind a NodePort"
    empty.revert()
    wait_until(lambda: platform.state()["cache"].ready == 1, limit_s=60)
    kill = make_fault(FaultSpec("web", "pod-kill")).prepare(target)
    kill.apply()
    wait_until(lambda: platform.state()["web"].ready == 2 and pod not in platform.state()["web"].pods, limit_s=90)
    cut = make_fault(FaultSpec("cache", "partition", {"from": "web"})).prepare(target)
    try:
        cut.apply()
    except PlatformError as error:
        assert "does not enforce NetworkPolicies" in str(error)  # noqa: PT017
    cut.revert()


def ordinary(cluster: Cluster, folder: Path) -> dict[str, str]:
    """The environment of a shell in which kubectl has the account `ci:gameday` in the context `ordinary`."""
    config = json.loads(cluster.admin("config", "view", "--raw", "-o", "json"))
    config["users"] = [
        {"name": "ci", "user": {"token": cluster.admin("-n", "ci", "create", "token", "gameday").strip()}}
    ]
    context = {"cluster": config["clusters"][0]["name"], "user": "ci"}
    config |= {"contexts": [{"name": "ordinary", "context": context}], "current-context": ""}
    path = folder / "ordinary.kubeconfig"
    path.write_text(json.dumps(config), encoding="utf-8")
    return {**os.environ, "KUBECONFIG": str(path)}


THEIRS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: cache, namespace: store, annotations: {team: theirs}}
spec:
  replicas: 0
  selector: {matchLabels: {app: other}}
  template:
    metadata: {labels: {app: other}}
    spec: {containers: [{name: other, image: "gameday-example-shop:dev"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: store}
spec: {selector: {app: other}, ports: [{port: 1234}]}
"""
ON_CLUSTER = ("--platform", "kubernetes", "--context", "ordinary")


def granted(cluster: Cluster, namespace: str, more: str = "") -> Path:
    """A folder with the example for a namespace, whose rights the account `ci:gameday` has; `more`: of its bindings."""
    folder = cluster.folder.parent / namespace
    shutil.copytree(EXAMPLE, folder)
    for name in ("gameday.yaml", "runbook.md"):
        text = (folder / name).read_text(encoding="utf-8").replace("namespace: shop", f"namespace: {namespace}{more}")
        (folder / name).write_text(text.replace("-n shop", f"-n {namespace}"), encoding="utf-8")
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: gameday, namespace: ci}\n"
    cluster.admin("apply", "-f", "-", stdin=f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: ci}}\n---\n{account}")
    rights = gameday("rbac", "--service-account", "ci:gameday", cwd=folder)
    assert rights.returncode == 0, rights.stderr
    (folder / "rbac.yaml").write_text(rights.stdout, encoding="utf-8")
    cluster.admin("apply", "-f", str(folder / "rbac.yaml"))
    return folder


@pytest.fixture(scope="module")
def store(cluster: Cluster) -> Path:
    """The example in the namespace `store`, in which others have a Deployment and a Service of the same names."""
    folder = granted(cluster, "store")
    cluster.admin("apply", "-f", "-", stdin=THEIRS)
    return folder


def as_it_was(cluster: Cluster) -> None:
    """The namespaces of the store have what was there before, and nothing else."""
    deployments = json.loads(cluster.admin("-n", "store", "get", "deployments", "-o", "json"))["items"]
    assert [(one["metadata"]["name"], one["spec"]["replicas"]) for one in deployments] == [("cache", 0)]
    assert deployments[0]["metadata"]["annotations"]["team"] == "theirs"
    assert deployments[0]["spec"]["selector"] == {"matchLabels": {"app": "other"}}
    services = json.loads(cluster.admin("-n", "store", "get", "services", "-o", "json"))["items"]
    assert [(one["spec"]["type"], one["spec"]["ports"][0]["port"]) for one in services] == [("ClusterIP", 1234)]
    assert cluster.admin("-n", "store-control", "get", "deployments,services,networkpolicies", "-o", "name") == ""
    for namespace in ("store", "store-control"):
        maps = cluster.admin("-n", namespace, "get", "configmaps", "-o", "name").split()
        assert {each.partition("/")[2] for each in maps} <= {"kube-root-ca.crt", "gameday-before", "gameday-revert"}


def test_drills_of_an_ordinary_account_end_as_announced_and_put_everything_back(cluster: Cluster, store: Path) -> None:
    env = ordinary(cluster, store)
    argv = ("run", "runbook.md", *ON_CLUSTER, "--out", "run", "--no-history")
    run = gameday(*argv, cwd=store, env=env, timeout_s=2 * DRILL_S)
    as_it_was(cluster)
    drills = json.loads((store / "run" / "result.json").read_text(encoding="utf-8"))["drills"]
    verdicts = {drill["runbook"]: drill["verdict"] for drill in drills}
    assert verdicts == {"CACHE_DOWN": "passed", "RESTART_SHOP": "failed"}, run.stdout + run.stderr
    assert run.returncode == 1, "a runbook that does not heal fails the run"


def test_a_sequential_control_needs_one_namespace(cluster: Cluster) -> None:
    folder = granted(cluster, "solo", "\ncontrol: {sequential: there is one namespace}")
    argv = ("run", "runbook.md", "--only", "CACHE_DOWN", *ON_CLUSTER, "--out", "run", "--no-history")
    run = gameday(*argv, cwd=folder, env=ordinary(cluster, folder), timeout_s=2 * DRILL_S)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "there is one namespace" in run.stdout
    assert "solo-control" not in cluster.admin("get", "namespaces", "-o", "name")
    assert cluster.admin("-n", "solo", "get", "deployments,services,networkpolicies", "-o", "name") == ""


def test_killed_run_is_put_back_from_another_machine(cluster: Cluster, store: Path, tmp_path: Path) -> None:
    env = ordinary(cluster, store)
    argv = ("run", "runbook.md", "--only", "CACHE_DOWN", *ON_CLUSTER, "--out", "killed", "--no-history")
    with running(*argv, cwd=store, env=env) as run:
        run.wait_for(r"── baseline", DRILL_S)
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()
    again = gameday("recover", "--context", "ordinary", "--namespace", "store", cwd=tmp_path, env=env, timeout_s=60)
    assert again.returncode == 0, again.stderr
    assert "namespaces/store/deployments/cache as it was" in again.stdout
    as_it_was(cluster)
    gameday("recover", "killed", cwd=store, env=env)  # its load on this machine


@pytest.mark.parametrize(
    ("role", "rule", "lacking"),
    [
        ("gameday", "pods/proxy", "its account may not do what a drill needs:\n  namespace store: get pods/proxy"),
        (
            "gameday-operator",
            "pods/exec",
            "executes the runbook, may not do what a drill needs:\n  namespace store: create",
        ),
    ],
)
def test_missing_right_is_named_before_anything_starts(
    cluster: Cluster, store: Path, role: str, rule: str, lacking: str
) -> None:
    rules = json.loads(cluster.admin("-n", "store", "get", "role", role, "-o", "json"))["rules"]
    kept = [each for each in rules if each["resources"] != [rule]]
    assert len(kept) == len(rules) - 1
    cluster.admin("-n", "store", "patch", "role", role, "--type=merge", "-p", json.dumps({"rules": kept}))
    try:
        env = ordinary(cluster, store)
        refused = gameday("run", "runbook.md", *ON_CLUSTER, "--out", "refused", cwd=store, env=env, timeout_s=60)
    finally:
        cluster.admin("apply", "-f", str(store / "rbac.yaml"))
    assert refused.returncode == 2
    assert lacking in refused.stderr
    assert not (store / "refused").exists()
    as_it_was(cluster)


def test_image_that_cannot_be_pulled_is_an_error_with_its_line(cluster: Cluster, store: Path) -> None:
    file = store / "deploy" / "base" / "cache.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("image: shop\n", "image: gameday-absent:1\n"), encoding="utf-8")
    try:
        env = ordinary(cluster, store)
        failed = gameday("run", "runbook.md", *ON_CLUSTER, "--out", "absent", cwd=store, env=env, timeout_s=DRILL_S)
    finally:
        file.write_text(text, encoding="utf-8")
    assert failed.returncode == 2, failed.stdout
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "image: shop" in each)
    assert f"deploy/base/cache.yaml:{line}:18: Deployment cache did not start: ErrImage" in failed.stderr
    as_it_was(cluster)


def test_sandbox_without_the_mark_is_refused(cluster: Cluster, store: Path) -> None:
    cluster.admin("annotate", "namespace", "store-control", "gameday.dev/sandbox-")
    env = ordinary(cluster, store)
    refused = gameday("run", "runbook.md", *ON_CLUSTER, cwd=store, env=env, timeout_s=60)
    cluster.admin("apply", "-f", str(store / "rbac.yaml"))
    assert refused.returncode == 2
    assert "annotate namespace store-control gameday.dev/sandbox=true" in refused.stderr


def test_services_of_a_namespace_are_proposed(cluster: Cluster, tmp_path: Path) -> None:
    env = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    context = f"kind-{kind.name()}"
    found = gameday("discover", "--context", context, "--namespace", "shop", cwd=tmp_path, env=env)
    assert found.returncode == 0, found.stderr
    assert f"# From {context}/shop: Deployment web\n" in found.stdout
    assert "port: 8080\n    replicas: 2\n" in found.stdout
    assert "health: /healthz\n    metrics: /metrics\n" in found.stdout

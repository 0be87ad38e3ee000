"""Parts of the Kubernetes platform with a small HTTP API server; whole drills are in test_kind.py."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.errors import MachineError, PlatformError, RefusedError
from harness.http import call
from harness.machine import operator_shell
from harness.machine.objects import Obj
from harness.platforms.kubernetes import access, sandbox, shell
from harness.platforms.kubernetes.api import Api, ApiError, Watch
from harness.platforms.kubernetes.before import Before
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.logs import Logs
from harness.platforms.kubernetes.objects import Pod, plain_environment, with_environment
from harness.platforms.kubernetes.revert import RevertJournal
from tests.support.api_server import Store, serving
from tests.support.waiting import wait_until

LEASE = "/apis/coordination.k8s.io/v1/namespaces/production/leases/gameday-drill"
DEPLOYMENTS = "/apis/apps/v1/namespaces/production/deployments"
CONFIG_MAPS = "/api/v1/namespaces/production/configmaps"
POLICY = "/apis/networking.k8s.io/v1/namespaces/production/networkpolicies/cut"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    with serving(tmp_path) as found:
        yield found


def pod(name: str, **status: Any) -> dict[str, Any]:
    owner = {"kind": "ReplicaSet", "name": "web-5d9c7"}
    meta = {"name": name, "labels": {"pod-template-hash": "5d9c7"}, "ownerReferences": [owner]}
    spec = {"containers": [{"name": "main"}, {"name": "beside"}]}
    return {"metadata": {**meta, "creationTimestamp": "2026-01-01T00:00:00Z"}, "spec": spec, "status": status}


def test_pod_is_parsed_with_its_state_and_reason_for_waiting() -> None:
    ready = [{"type": "Ready", "status": "True"}]
    running = [{"restartCount": 2, "state": {"running": {"startedAt": "now"}}}]
    one = Pod.parse(pod("web-1", conditions=ready, containerStatuses=running))
    assert (one.name, one.app, one.ready, one.ran, one.restarts, one.waiting) == ("web-1", "web", True, True, 2, "")
    pulling = [{"state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}]
    two = Pod.parse(pod("web-2", containerStatuses=pulling))
    assert (two.ready, two.ran, two.waiting) == (False, False, "ErrImagePull: no such image")
    three = Pod.parse(pod("web-3", conditions=[{"status": "False", "message": "0/1 nodes: Insufficient cpu"}]))
    assert three.waiting == "0/1 nodes: Insufficient cpu"
    empty = Pod.parse({})
    assert (empty.name, empty.ready, empty.ran) == ("", False, False)


def test_the_first_container_of_a_pod_counts_and_its_owner_is_the_deployment_or_job() -> None:
    statuses = [  # a kubelet sorts them by name
        {"name": "beside", "restartCount": 7, "state": {"waiting": {"reason": "ErrImagePull", "message": "none"}}},
        {"name": "main", "restartCount": 1, "state": {"running": {}}},
    ]
    one = Pod.parse(pod("web-5d9c7-x", containerStatuses=statuses, hostIP="10.0.0.1"))
    assert (one.container, one.restarts, one.app, one.node) == ("main", 1, "web", "10.0.0.1")
    assert one.unstartable == {"beside": "ErrImagePull: none"}
    of_job = {"metadata": {"name": "load-1", "ownerReferences": [{"kind": "Job", "name": "load"}]}}
    of_set = {"metadata": {"name": "db-0", "ownerReferences": [{"kind": "StatefulSet", "name": "db"}]}}
    assert [Pod.parse(each).app for each in (of_job, of_set)] == ["load", ""]  # type: ignore[arg-type]


def test_overrides_change_only_their_variables() -> None:
    env = [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    deployment: Any = {"spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "app", "env": env}]}}}}
    changed: Any = with_environment(deployment, {"A": "2", "C": "3"})
    assert plain_environment(changed) == {"A": "2", "C": "3"}
    assert {one["name"] for one in changed["spec"]["template"]["spec"]["containers"][0]["env"]} == {"A", "B", "C"}
    assert plain_environment(deployment) == {"A": "1"}, "the shipped Deployment is unchanged"


def test_revert_entries_can_be_reverted_by_another_machine(
    served: tuple[Store, Path],
) -> None:
    store, kubeconfig = served
    journal = RevertJournal(Api(kubeconfig), "production")
    assert not journal.pending()
    journal.create_object(POLICY.rpartition("/")[0], {"metadata": {"name": "cut"}}, "the network of web")
    assert POLICY in store.objects
    other = RevertJournal(Api(kubeconfig), "production")  # another machine
    assert other.pending()
    assert other.revert_objects() == [f"{POLICY}: the network of web"]
    assert POLICY not in store.objects
    assert not journal.pending()
    assert other.revert_objects() == []
    journal.delete_object(POLICY)


def test_a_namespace_is_put_back_as_it_was_by_another_machine(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    web, conf, fresh = f"{DEPLOYMENTS}/web", f"{CONFIG_MAPS}/conf", f"{CONFIG_MAPS}/fresh"
    store.keep(web, {"metadata": {"name": "web", "uid": "1", "generation": 4}, "spec": {"replicas": 3}, "status": {}})
    store.keep(conf, {"metadata": {"name": "conf"}, "data": {"A": "theirs"}})
    before = Before(Api(kubeconfig), "production")
    before.keep([web, conf, fresh])
    store.keep(web, {"metadata": {"name": "web"}, "spec": {"replicas": 1}})
    store.keep(conf, {"metadata": {"name": "conf"}, "data": {"A": "ours"}})
    store.keep(fresh, {"metadata": {"name": "fresh"}})
    before.keep([web, conf, fresh])  # the next drill: what is kept already stays as it was
    other = Before(Api(kubeconfig), "production")
    assert other.pending()
    assert len(other.put_back()) == 3
    assert store.objects[web]["spec"] == {"replicas": 3}
    assert store.objects[web]["metadata"].keys() == {"name", "resourceVersion"}, "the server sets the rest"
    assert store.objects[conf]["data"] == {"A": "theirs"}
    assert fresh not in store.objects
    assert not before.pending()
    assert other.put_back() == []


def test_what_cannot_be_put_back_is_named_and_stays_kept(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    strange, conf = f"{CONFIG_MAPS}/strange", f"{CONFIG_MAPS}/conf"
    for path in (strange, conf):
        store.keep(path, {"metadata": {"name": path.rpartition("/")[2]}})
    before = Before(Api(kubeconfig), "production")
    before.keep([strange, conf])
    store.refused.add(strange)
    with pytest.raises(PlatformError, match="strange"):
        before.put_back()
    assert before.pending()
    store.refused.clear()
    assert before.put_back() == [f"{strange} as it was"], "the other one was put back already"


def test_unwritable_revert_entry_is_an_error(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    journal = RevertJournal(Api(kubeconfig), "production")
    store.shutdown()
    store.server_close()
    with pytest.raises(PlatformError, match="does not answer"):
        journal.create_object(POLICY.rpartition("/")[0], {"metadata": {"name": "cut"}}, "the network of web")


def test_lease_allows_one_drill_at_a_time(served: tuple[Store, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    store, kubeconfig = served
    first = Lease(Api(kubeconfig), "production")
    first.acquire()
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")
    second = Lease(Api(kubeconfig), "production")
    with pytest.raises(PlatformError, match=r"runs a drill"):
        second.acquire()
    first.release()
    first.release()
    assert LEASE not in store.objects
    second.acquire()
    second.release()


def test_expired_lease_of_a_killed_holder_is_taken_over(
    served: tuple[Store, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    store, kubeconfig = served
    long_ago = (datetime.now(UTC) - timedelta(seconds=31)).isoformat()
    spec = {"holderIdentity": "killed/1", "renewTime": long_ago, "leaseDurationSeconds": 30}
    store.keep(LEASE, {"metadata": {"name": "gameday-drill"}, "spec": spec})
    lease = Lease(Api(kubeconfig), "production")
    lease.acquire()
    assert store.objects[LEASE]["spec"]["holderIdentity"] != "killed/1"
    lease.release()


def test_lease_of_an_ended_process_of_this_machine_is_taken_over_at_once(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    ended = subprocess.Popen(["true"])
    ended.wait()
    spec = {"renewTime": datetime.now(UTC).isoformat(), "leaseDurationSeconds": 30}
    for pid, ended_already in ((os.getppid(), False), (ended.pid, True)):
        holder = f"{socket.gethostname()}/{pid}"
        store.keep(LEASE, {"metadata": {"name": "gameday-drill"}, "spec": {**spec, "holderIdentity": holder}})
        lease = Lease(Api(kubeconfig), "production")
        if ended_already:
            lease.acquire()
        else:
            with pytest.raises(PlatformError, match="wait for its end"):
                lease.acquire()
        lease.release()


def test_namespace_without_the_sandbox_annotation_is_refused(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    store.keep("/api/v1/namespaces/production", {"metadata": {"name": "production"}})
    with pytest.raises(RefusedError) as refused:
        sandbox.check(ClusterRef(kubeconfig), "there", ["production", "production-control"])
    assert "kubectl --context there annotate namespace production gameday.dev/sandbox=true" in str(refused.value)
    assert "kubectl --context there create namespace production-control" in str(refused.value)
    assert {call.split()[0] for call in store.calls} == {"GET"}, "nothing was changed"
    for name in ("production", "production-control"):
        annotated = {"metadata": {"name": name, "annotations": {"gameday.dev/sandbox": "true"}}}
        store.keep(f"/api/v1/namespaces/{name}", annotated)
    sandbox.check(ClusterRef(kubeconfig), "there", ["production", "production-control"])


def test_watch_reports_existing_objects_and_changes_and_reconnects(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    store.keep("/api/v1/namespaces/n/pods/a", pod("a"))
    seen: list[tuple[str, str]] = []
    news = threading.Condition()

    def on_event(kind: str, value: dict[str, Any]) -> None:
        with news:
            seen.append((kind, value.get("metadata", {}).get("name", "")))
            news.notify_all()

    def until(count: int) -> None:
        with news:
            assert news.wait_for(lambda: len(seen) >= count, 10), seen

    watch = Watch(Api(kubeconfig), "/api/v1/namespaces/n/pods", on_event)
    watch.start()
    store.send_event("MODIFIED", pod("a"))
    until(3)
    store.end_watch()
    until(5)
    watch.stop()
    watch.stop()
    assert seen == [("RESET", ""), ("ADDED", "a"), ("MODIFIED", "a"), ("RESET", ""), ("ADDED", "a")]


def test_broken_log_stream_is_continued_without_repeats(served: tuple[Store, Path], tmp_path: Path) -> None:
    store, kubeconfig = served
    store.logs = [(b"one\ntwo\n", False), (b"one\ntwo\nthree\n", True)]
    logs = Logs(Api(kubeconfig), "production", tmp_path)
    running = [{"restartCount": 0, "state": {"running": {"startedAt": "now"}}}]
    for _ in range(2):
        logs.follow(Pod.parse(pod("web-1", containerStatuses=running)))
    wait_until(lambda: not store.logs and (tmp_path / "web" / "web-1" / "0.log").read_text().endswith("three\n"))
    logs.stop()
    (path,) = logs.files("web")
    assert path.read_text() == "one\ntwo\nthree\n"
    assert logs.files("other") == []
    assert sum(each.endswith("/log") for each in store.calls) == 2, "each container is followed once"


def test_refusal_and_unreachable_server_are_different_errors(served: tuple[Store, Path]) -> None:
    store, kubeconfig = served
    api = Api(kubeconfig)
    with pytest.raises(ApiError, match="not found") as refused:
        api.get("/api/v1/namespaces/n/pods/x")
    assert refused.value.status == 404
    api.delete("/api/v1/namespaces/n/pods/x")
    assert api.answer("/api/v1/namespaces/n/pods/x/proxy/health", 1.0).status == 404
    store.shutdown()
    store.server_close()
    silent = Api(kubeconfig)
    assert silent.answer("/api/v1/namespaces/n/pods/x/proxy/health", 1.0).status == 0
    with pytest.raises(PlatformError, match="gameday recover"):
        silent.get("/api/v1/namespaces/n/pods")


def test_unknown_context_is_named(tmp_path: Path) -> None:
    with serving(tmp_path) as (_, kubeconfig), pytest.raises(MachineError, match="nowhere"):
        Api(kubeconfig, "nowhere")


def test_curl_reaches_only_services_with_a_ready_pod(tmp_path: Path) -> None:
    with serving(tmp_path) as (store, _):
        closed = shell.Closed()
        places = {"web": {8080: f"127.0.0.1:{store.server_port}"}, "empty": {}}
        shell.write_curlrc(tmp_path, "production", places, closed.port)

        def curl(url: str) -> int:
            argv = ["curl", "-sS", "-o", "/dev/null", "--max-time", "5", url]
            return subprocess.run(argv, env={"CURL_HOME": str(tmp_path)}, capture_output=True, check=False).returncode

        for host in operator_shell.names_of("web", "production"):
            assert curl(f"http://{host}:8080/apis") == 0, host
        assert curl("http://web:80/") == 7, "a wrong port is refused"
        assert curl("http://empty:8080/") == 7, "so is a Service without a ready pod"
        assert curl("http://localhost:8080/") == 7
        assert curl("http://example.com/") == 6, "nothing leaves this machine"
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", closed.port), timeout=1)
        assert call("GET", f"http://127.0.0.1:{closed.port}/").error.startswith("ConnectionRefusedError")
        closed.close()


@pytest.mark.parametrize(
    ("cluster", "destination"),
    [
        ({"server": "https://127.0.0.1:6443"}, ("127.0.0.1", 6443)),
        ({"server": "https://[fd00::1]:6443"}, ("fd00::1", 6443)),
        ({"server": "https://api.example.com/k8s/clusters/c-1"}, ("api.example.com", 443)),
        ({"server": "https://api.example.com", "proxy-url": "http://proxy.example.com"}, ("proxy.example.com", 80)),
    ],
)
def test_destination_of_kubectl_is_the_api_server_or_its_proxy(cluster: Obj, destination: tuple[str, int]) -> None:
    assert access.destination_of(cluster) == destination

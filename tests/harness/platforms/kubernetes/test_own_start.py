"""What is said of services of the user that do not start: the place in the manifest, the reason, the end of the log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("kubernetes", reason="the extra is not installed: pip install -e '.[kind]'")

from harness.errors import StartError
from harness.platforms.kubernetes import workloads
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.objects import Pod
from harness.platforms.kubernetes.own_start import start_error
from harness.platforms.kubernetes.release import TREATMENT, own_release
from tests.support.api_server import Store, serving
from tests.support.manifests import SHOP, manifests

DATABASE = """\
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: main
          image: absent:1
"""
PLACE = "/apis/apps/v1/namespaces/shop/statefulsets/db"


def pod(name: str, owner: tuple[str, str], state: dict[str, Any], *, ready: bool = False) -> dict[str, Any]:
    owners = [{"kind": owner[0], "name": owner[1]}]
    status = {
        "containerStatuses": [{"name": "main", "restartCount": 0, "state": state}],
        "conditions": [{"type": "Ready", "status": str(ready)}],
    }
    return {
        "metadata": {"name": name, "ownerReferences": owners},
        "spec": {"containers": [{"name": "main"}]},
        "status": status,
    }


ABSENT = {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}
CRASHED = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}}


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Store, Path]]:
    with serving(tmp_path) as found:
        yield found


def test_image_and_crash_are_named_with_their_places_once_for_all_pods(tmp_path: Path) -> None:
    web = manifests(tmp_path).deployments["web"]
    log = tmp_path / "logs" / "web" / "web-2" / "0.log"
    log.parent.mkdir(parents=True)
    log.write_text("no cache\n", encoding="utf-8")
    pods = [Pod.parse(pod(f"web-{number}", ("ReplicaSet", "web-x"), ABSENT)) for number in (0, 1)]
    text = str(start_error([(web, each) for each in pods], [log], 9, "otherwise"))
    assert text.startswith(
        f"{tmp_path}/all.yaml:12:18: Deployment web did not start: ErrImagePull: no such image; the nodes"
    )
    assert len(text.splitlines()) == 1
    crashed = Pod.parse(pod("web-2", ("ReplicaSet", "web-x"), CRASHED))
    assert str(start_error([(web, crashed)], [log], 9, "otherwise")).splitlines() == [
        f"{tmp_path}/all.yaml:1:1: Deployment web did not start: web-2 was not ready within 9 s: CrashLoopBackOff: "
        "back-off 10s; its last lines:",
        "  no cache",
    ]
    assert str(start_error([], [], 9, "otherwise")) == "otherwise"


def test_database_that_cannot_start_is_named_before_the_deployments_start(
    served: tuple[Store, Path], tmp_path: Path
) -> None:
    store, kubeconfig = served
    release = own_release(manifests(tmp_path, SHOP + DATABASE), TREATMENT)
    store.keep(PLACE, {"metadata": {"generation": 1}, "status": {"observedGeneration": 1}})
    store.keep("/api/v1/namespaces/shop/pods/db-0", pod("db-0", ("StatefulSet", "db"), ABSENT))
    store.keep("/api/v1/namespaces/shop/pods/other", pod("other", ("StatefulSet", "other"), ABSENT))
    with pytest.raises(StartError, match=r"all.yaml:41:18: StatefulSet db did not start: ErrImagePull: no such image"):
        workloads.await_workloads(Api(kubeconfig), release)
    store.keep(PLACE, {"metadata": {"generation": 1}, "status": {"observedGeneration": 1, "readyReplicas": 1}})
    workloads.await_workloads(Api(kubeconfig), release)


def test_database_that_is_not_ready_in_time_is_named(
    served: tuple[Store, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, kubeconfig = served
    monkeypatch.setattr(workloads, "LIMIT_S", 0.1)
    release = own_release(manifests(tmp_path, SHOP + DATABASE), TREATMENT)
    store.keep(PLACE, {"metadata": {"generation": 2}, "status": {"observedGeneration": 1, "readyReplicas": 1}})
    store.keep("/api/v1/namespaces/shop/pods/db-0", pod("db-0", ("StatefulSet", "db"), {"running": {}}))
    with pytest.raises(
        StartError, match=r"all.yaml:31:1: StatefulSet db did not start: db-0 was not ready within 0.1 s: its"
    ):
        workloads.await_workloads(Api(kubeconfig), release)
    del store.objects["/api/v1/namespaces/shop/pods/db-0"]
    with pytest.raises(StartError, match=r"shop: not ready within 0.1 s: StatefulSet db"):
        workloads.await_workloads(Api(kubeconfig), release)

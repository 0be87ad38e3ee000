"""Applies `deploy/`, or the user's objects, to a cluster; but the Deployments, which each drill creates itself."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection

from harness.machine.objects import Obj, items, text
from harness.platforms.base import Announce
from harness.platforms.kubernetes import manifests
from harness.platforms.kubernetes.api import Api, ApiError
from harness.platforms.kubernetes.before import Before
from harness.platforms.kubernetes.cluster_ref import LOOPBACK, ClusterRef
from harness.platforms.kubernetes.commands import run
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.platform import ADMIN, ADMIN_PORT
from harness.platforms.kubernetes.rbac import access_of
from harness.platforms.kubernetes.release import Release, namespaces, path_of
from harness.platforms.kubernetes.sandbox import ANNOTATION
from harness.platforms.kubernetes.workloads import await_workloads

METRICS = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
USED = ("Job", "PersistentVolumeClaim", "Secret")
"""Kinds of which an object that exists is used as it is: it cannot be replaced, or holds what must not be copied."""
HINT = "`kubectl get events -A` shows the reason"


def deploy(cluster: ClusterRef, announce: Announce, *, own: bool) -> None:
    """Apply everything but the Deployments; returns when it is ready.

    `own`: the cluster was created by us, so its namespaces are marked as sandboxes.
    """
    api = Api(cluster.kubeconfig, cluster.context)
    kubectl = cluster.kubectl()
    _deploy_metrics(api, kubectl, announce)
    announce(f"deploying {', '.join(namespaces().values())}")
    for side, namespace in namespaces().items():
        objects = manifests.render(manifests.FOLDERS[side])
        if own:
            _apply(kubectl, [one for one in objects if text(one, "kind") == "Namespace"])
            run([*kubectl, "annotate", "--overwrite", "namespace", namespace, f"{ANNOTATION}=true"], HINT)
        if not _exists(api, f"/api/v1/namespaces/{namespace}/secrets/{ADMIN}"):
            _apply(kubectl, [_admin_secret(namespace)])
        _apply(kubectl, [one for one in objects if text(one, "kind") not in ("Deployment", "Namespace")])
    for namespace in namespaces().values():
        run([*kubectl, "-n", namespace, "rollout", "status", "statefulset/postgres", "--timeout=120s"], HINT)
    run([*kubectl, "wait", "--for=condition=Available", "--timeout=120s", "apiservice/v1beta1.metrics.k8s.io"], HINT)
    api.close()


def _deploy_metrics(api: Api, kubectl: list[str], announce: Announce) -> None:
    if not _exists(api, METRICS):
        announce("deploying metrics-server: the cluster has none")
        run([*kubectl, "apply", "-k", str(manifests.METRICS)], HINT)


def grant(cluster: ClusterRef, releases: Collection[Release], announce: Announce) -> None:
    """Do what the administrator of a cluster does for services of the user: in a cluster that we created."""
    api, kubectl = Api(cluster.kubeconfig, cluster.context), cluster.kubectl()
    _deploy_metrics(api, kubectl, announce)
    api.close()
    _apply(kubectl, [each for release in releases for each in access_of(release, ())])


def deploy_own(cluster: ClusterRef, releases: Collection[Release], announce: Announce, before: str) -> None:
    """Apply the user's objects but the Deployments, after keeping what is replaced under the name `before`.

    What exists of the kinds in USED stays as it is. Returns when the other workloads are ready. Raises StartError, and
    PlatformError while another run drills in a namespace.
    """
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        for release in releases:
            announce(f"deploying the manifests into {release.namespace}")
            with Lease(api, release.namespace).held():
                _apply_own(api, release, before)
        for release in releases:
            await_workloads(api, release)
    finally:
        api.close()


def _apply_own(api: Api, release: Release, before: str) -> None:
    found = {path_of(each): each for each in release.others}
    wanted = {path: each for path, each in found.items() if text(each, "kind") not in USED or not _exists(api, path)}
    deployments = (path_of(each) for each in release.deployments.values())
    Before(api, release.namespace, before).keep([*wanted, *deployments])
    for path, each in wanted.items():
        api.put(path, each)


def _apply(kubectl: list[str], objects: list[Obj]) -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": objects}
    run([*kubectl, "apply", "-f", "-"], HINT, stdin=json.dumps(whole))


def _exists(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except ApiError as error:
        if error.status != 404:
            raise
        return False
    return True


def _admin_secret(namespace: str) -> Obj:
    """The Secret that opens the services' admin ports, with a new token."""
    data: Obj = {"port": str(ADMIN_PORT), "token": secrets.token_hex(16)}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": ADMIN, "namespace": namespace},
        "stringData": data,
    }


def remove(cluster: ClusterRef) -> None:
    """Delete what `deploy` and the drills created, except the namespaces and metrics-server. Idempotent."""
    for side, namespace in namespaces().items():
        ours = [one for one in manifests.render(manifests.FOLDERS[side]) if text(one, "kind") != "Namespace"]
        whole = {"apiVersion": "v1", "kind": "List", "items": [*ours, _admin_secret(namespace)]}
        run([*cluster.kubectl(), "delete", "--ignore-not-found", "-f", "-"], HINT, stdin=json.dumps(whole))


def node_address(cluster: ClusterRef) -> str:
    """The address at which NodePorts are reached: loopback when the API server is there too (kind), else a node's."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        if api.on_loopback:
            return LOOPBACK
        node = next(iter(api.list("/api/v1/nodes")), {})
    finally:
        api.close()
    by_type = {text(one, "type"): text(one, "address") for one in items(node, "status", "addresses")}
    return by_type.get("ExternalIP") or by_type.get("InternalIP") or LOOPBACK

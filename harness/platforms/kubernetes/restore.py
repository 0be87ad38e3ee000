"""Reverts what drills changed in a cluster, from any machine that has the cluster's credentials."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from harness.errors import PlatformError
from harness.machine.objects import text
from harness.platforms.base import Announce
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.manifests import NAMESPACES, TREATMENT, deployments
from harness.platforms.kubernetes.revert import RESTORE, RevertJournal


def restore(cluster: ClusterRef) -> list[str]:
    """Revert the journals of both sides; returns a description of each change. Raises PlatformError during a drill."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        return [what for side in NAMESPACES for what in _restore(api, side)]
    finally:
        api.close()


@contextmanager
def restored(cluster: ClusterRef, announce: Announce) -> Iterator[None]:
    """Context manager that restores the cluster on exit; a failure is announced and left to `gameday recover`."""
    try:
        yield
    finally:
        try:
            restore(cluster)
        except PlatformError as error:
            announce(f"the Deployments were not restored: {error}; `gameday recover` tries again")


def _restore(api: Api, side: str) -> list[str]:
    namespace = NAMESPACES[side]
    journal, lease = RevertJournal(api, namespace), Lease(api, namespace)
    pending = journal.pending()
    if not pending:
        return []
    lease.acquire()
    try:
        done = journal.revert_objects()
        if RESTORE in pending:
            redeploy(api, side)
            journal.disarm(RESTORE)
            done.append(text(pending[RESTORE], "text"))
        return done
    finally:
        lease.release()


def redeploy(api: Api, side: str) -> None:
    """Replace the Deployments by the shipped ones; in the control's namespace, which only drills use, delete them."""
    path = f"/apis/apps/v1/namespaces/{NAMESPACES[side]}/deployments"
    for name, shipped in deployments(side).items():
        api.delete(f"{path}/{name}")
        if side == TREATMENT:
            api.create(path, shipped)

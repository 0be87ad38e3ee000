"""Taking back what drills did to a namespace, from any machine that has the cluster's credentials."""

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
    """Both sides, as far as their journals say; tells what was done. Raises PlatformError while a drill is on."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        return [what for side in NAMESPACES for what in _restore(api, side)]
    finally:
        api.close()


@contextmanager
def restored(cluster: ClusterRef, announce: Announce) -> Iterator[None]:
    """At the end it is as it was; where that fails, it says so and leaves it to `gameday recover`."""
    try:
        yield
    finally:
        try:
            restore(cluster)
        except PlatformError as error:
            announce(f"the Deployments are not as they were: {error}")


def _restore(api: Api, side: str) -> list[str]:
    namespace = NAMESPACES[side]
    journal, lease = RevertJournal(api, namespace), Lease(api, namespace)
    pending = journal.pending()
    if not pending:
        return []
    lease.take()
    try:
        done = journal.revert_objects()
        if RESTORE in pending:
            put_back(api, side)
            journal.disarm(RESTORE)
            done.append(text(pending[RESTORE], "text"))
        return done
    finally:
        lease.give_back()


def put_back(api: Api, side: str) -> None:
    """The Deployments as they are shipped, in new pods; none of them in the control, which only drills use."""
    path = f"/apis/apps/v1/namespaces/{NAMESPACES[side]}/deployments"
    for name, shipped in deployments(side).items():
        api.delete(f"{path}/{name}")
        if side == TREATMENT:
            api.create(path, shipped)

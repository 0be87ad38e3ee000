"""Puts back what drills changed in a cluster, from any machine that has the cluster's credentials."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from harness.errors import PlatformError
from harness.platforms.base import Announce
from harness.platforms.kubernetes import before
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.before import Before
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.lease import Lease
from harness.platforms.kubernetes.revert import RevertJournal


def restore(cluster: ClusterRef, namespaces: Collection[str], name: str = before.RUN) -> list[str]:
    """Revert the faults, and put back what was kept under `name`, in these namespaces; returns a description of each.

    Raises PlatformError during a drill.
    """
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        return [what for namespace in namespaces for what in _restore(api, namespace, name)]
    finally:
        api.close()


@contextmanager
def restored(cluster: ClusterRef, namespaces: Collection[str], announce: Announce) -> Iterator[None]:
    """Context manager that restores the cluster on exit; a failure is announced and left to `gameday recover`."""
    try:
        yield
    finally:
        try:
            restore(cluster, namespaces)
        except PlatformError as error:
            announce(f"the namespaces were not put back: {error}; `gameday recover` tries again")


def _restore(api: Api, namespace: str, name: str) -> list[str]:
    journal, kept = RevertJournal(api, namespace), Before(api, namespace, name)
    if not journal.pending() and not kept.pending():
        return []
    with Lease(api, namespace).held():
        return [*journal.revert_objects(), *kept.put_back()]

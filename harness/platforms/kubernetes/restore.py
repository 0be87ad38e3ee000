"""Puts back what drills changed in a cluster, from any machine that has the cluster's credentials."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from harness.errors import PlatformError
from harness.platforms.base import Announce
from harness.platforms.kubernetes import before, lease
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


def recover(cluster: ClusterRef, namespaces: Collection[str]) -> list[str]:
    """As `restore`. Raises PlatformError during a run too."""
    with _alone(cluster, namespaces):
        return restore(cluster, namespaces)


@contextmanager
def restored(cluster: ClusterRef, namespaces: Collection[str], announce: Announce) -> Iterator[None]:
    """Context manager of a run, which restores the cluster on exit; a failure is announced and left to `gameday
    recover`. Raises PlatformError while another run has these namespaces."""
    with _alone(cluster, namespaces):
        try:
            yield
        finally:
            try:
                restore(cluster, namespaces)
            except PlatformError as error:
                announce(f"the namespaces were not put back: {error}; `gameday recover` tries again")


@contextmanager
def _alone(cluster: ClusterRef, namespaces: Collection[str]) -> Iterator[None]:
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        with Lease(api, next(iter(namespaces)), lease.RUN).held():
            yield
    finally:
        api.close()


def _restore(api: Api, namespace: str, name: str) -> list[str]:
    journal, kept = RevertJournal(api, namespace), Before(api, namespace, name)
    if not journal.pending() and not kept.pending():
        return []
    with Lease(api, namespace).held():
        return [*journal.revert_objects(), *kept.put_back()]

"""Providers of Kubernetes platforms: in a kind cluster created for the run, or in an existing sandbox cluster.

Each platform is one namespace. One drill at a time: treatment and control use fixed namespaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from harness.errors import MachineError, PlatformError
from harness.platforms.base import Announce, Need, Overrides, PlatformOptions
from harness.platforms.kubernetes import commands, images, kind, sandbox
from harness.platforms.kubernetes.api import check_extra
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.deploy import deploy, node_address, remove
from harness.platforms.kubernetes.manifests import TREATMENT
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.restore import restore, restored

CREATED_CLUSTER = "cluster.txt"
"""File with the name of the kind cluster that was created for a folder; written before the cluster is created."""
KUBECONFIG = "cluster.kubeconfig"
"""Credentials of the kind cluster that a folder's run uses."""
CONTEXT = "context.txt"
"""File with the context of the existing cluster that a folder's run uses; written before anything is changed."""

REFUSALS = {
    Need.FRONT: "it has no proxy in front of a Service: kube-proxy forwards its connections; use --platform docker",
    Need.PROCESSES: "it runs pods on nodes whose processes it cannot reach; use --platform local",
    Need.MEMORY_GUARD: "it runs pods on nodes that enforce their limits: set `limits.memory`",
}


class _ClusterProvider:
    """What both providers share: the platforms of one cluster, which is known once a session has begun."""

    max_parallel_drills = 1

    def __init__(self, options: PlatformOptions) -> None:
        self._options = options
        self._cluster: ClusterRef | None = None

    def refusal(self, need: Need) -> str:
        return REFUSALS.get(need, "")

    def create(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        assert self._cluster is not None, "create is only valid within a session"
        return KubernetesPlatform(folder, self._cluster, side, overrides)

    def containers(self, folder: Path) -> Collection[str]:
        return self._nodes

    @cached_property
    def _nodes(self) -> Collection[str]:
        """The containers that are the nodes of a kind cluster; empty for any other cluster."""
        name = self._kind_cluster()
        return kind.nodes(name) if name else ()

    def _kind_cluster(self) -> str:
        """The name of the kind cluster; "" for any other cluster."""
        context = self._options.context or ""
        return context.removeprefix("kind-") if context.startswith("kind-") else ""


def _start_detached(folder: Path, cluster: ClusterRef) -> KubernetesPlatform:
    platform = KubernetesPlatform(folder, cluster, TREATMENT, {})
    platform.start_detached()
    return platform


class KindProvider(_ClusterProvider):
    """See base.Provider. Uses the cluster that `gameday up` left; else creates one and removes it after the run."""

    name = "kind"
    options = frozenset({"base_image", "node_image", "load_in_cluster"})

    def _kind_cluster(self) -> str:
        return kind.name()

    def check(self) -> None:
        check_extra()
        commands.check("docker", "kind", "kubectl")
        commands.check_docker()

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        name = kind.name()
        if kind.exists(name):
            self._cluster = self._use_existing(name, folder, announce)
            with restored(self._cluster, announce):
                yield
            (folder / KUBECONFIG).unlink(missing_ok=True)
            return
        try:
            self._cluster = self._create_cluster(name, folder, announce)
            yield
        finally:
            _delete_created(folder)
            announce(f"removed the kind cluster {name}")

    def _use_existing(self, name: str, folder: Path, announce: Announce) -> ClusterRef:
        """Raises RefusedError unless the cluster is marked as a sandbox."""
        cluster = ClusterRef(folder / KUBECONFIG)
        kind.credentials(name, folder / KUBECONFIG)
        sandbox.check(cluster, f"kind-{name}")
        announce(f"using the kind cluster {name}, which stays")
        kind.load(name, images.build(self._options, announce), announce)
        deploy(cluster, announce, own=True)
        return cluster

    def _create_cluster(self, name: str, folder: Path, announce: Announce) -> ClusterRef:
        built = images.build(self._options, announce)
        (folder / CREATED_CLUSTER).write_text(f"{name}\n", encoding="utf-8")
        kind.create(name, self._options.node_image, folder / KUBECONFIG, announce)
        kind.load(name, built, announce)
        cluster = ClusterRef(folder / KUBECONFIG)
        deploy(cluster, announce, own=True)
        return cluster

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        name = kind.name()
        if kind.exists(name):
            return _start_detached(folder, self._use_existing(name, folder, announce))
        try:
            return _start_detached(folder, self._create_cluster(name, folder, announce))
        except BaseException:
            _delete_created(folder)
            raise

    def destroy(self, folder: Path) -> None:
        if not _delete_created(folder):
            raise PlatformError(f"{folder}: no kind cluster was created for it; `kind get clusters` lists the clusters")

    def recover(self, folder: Path) -> Sequence[str]:
        """Delete the cluster that was created for the run; restore one that the run only used."""
        if deleted := _delete_created(folder):
            return deleted
        if not (folder / KUBECONFIG).exists():
            return []
        ended = restore(ClusterRef(folder / KUBECONFIG)) if kind.exists(kind.name()) else []
        (folder / KUBECONFIG).unlink()
        return ended


def _delete_created(folder: Path) -> list[str]:
    """Delete the kind cluster that was created for this folder, if any; returns its description."""
    note = folder / CREATED_CLUSTER
    if not note.exists():
        return []
    name = note.read_text(encoding="utf-8").strip()
    kind.delete(name, folder / KUBECONFIG)
    (folder / KUBECONFIG).unlink(missing_ok=True)
    note.unlink()
    return [f"kind cluster {name}"]


class KubernetesProvider(_ClusterProvider):
    """See base.Provider. Uses an existing cluster that the user marked as a sandbox; its namespaces stay."""

    name = "kubernetes"
    options = frozenset({"context", "base_image", "load_in_cluster"})

    def check(self) -> None:
        context = self._options.context
        if not context:
            raise MachineError(
                "--platform kubernetes: no cluster is named; add --context NAME (`kubectl config get-contexts` lists "
                "them), or use --platform kind, which creates one"
            )
        check_extra()
        commands.check("kubectl")
        sandbox.check(ClusterRef(None, context), context)

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        self._cluster = self._prepare(folder, announce)
        with restored(self._cluster, announce):
            yield
        (folder / CONTEXT).unlink(missing_ok=True)  # nothing is left to recover

    def _prepare(self, folder: Path, announce: Announce) -> ClusterRef:
        context = self._options.context or ""
        cluster = ClusterRef(None, context)
        sandbox.check(cluster, context)
        (folder / CONTEXT).write_text(f"{context}\n", encoding="utf-8")
        cluster = ClusterRef(None, context, node_address(cluster))
        if context.startswith("kind-"):
            kind.load(context.removeprefix("kind-"), images.build(self._options, announce), announce)
        else:
            announce(f"the nodes of {context} must be able to pull {' and '.join(images.SERVICES)}")
        deploy(cluster, announce, own=False)
        return cluster

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        return _start_detached(folder, self._prepare(folder, announce))

    def destroy(self, folder: Path) -> None:
        context = self._options.context or _recorded_context(folder)
        if context is None:  # the user's current context is never a default
            raise PlatformError(f"{folder}: no cluster is recorded here; name it by --context")
        cluster = ClusterRef(None, context)
        sandbox.check(cluster, context)
        remove(cluster)
        (folder / CONTEXT).unlink(missing_ok=True)

    def recover(self, folder: Path) -> Sequence[str]:
        """Works from any machine where the context is named."""
        context = self._options.context or _recorded_context(folder)
        return restore(ClusterRef(None, context)) if context else []


def _recorded_context(folder: Path) -> str | None:
    try:
        return (folder / CONTEXT).read_text(encoding="utf-8").strip()
    except OSError:
        return None

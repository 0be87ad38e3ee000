"""Providers of Kubernetes platforms: in a kind cluster created for the run, or in an existing sandbox cluster.

Each platform is one namespace. One drill at a time: treatment and control use fixed namespaces.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path

from harness.errors import MachineError, PlatformError
from harness.platforms.base import Announce, Need, Overrides, PlatformOptions
from harness.platforms.kubernetes import before, commands, images, kind, rights, sandbox
from harness.platforms.kubernetes.api import check_extra
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.deploy import deploy, deploy_own, grant, node_address, remove
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.release import (
    SHIPPED_NAMESPACE,
    TREATMENT,
    Release,
    namespaces,
    own_release,
    shipped_release,
)
from harness.platforms.kubernetes.restore import recover, restore, restored

CREATED_CLUSTER = "cluster.txt"
"""File with the name of the kind cluster that was created for a folder; written before the cluster is created."""
KUBECONFIG = "cluster.kubeconfig"
"""Credentials of the kind cluster that a folder's run uses."""
CONTEXT = "context.txt"
"""File with the context of the existing cluster that a folder's run uses; written before anything is changed."""
NAMESPACE = "namespace.txt"
"""File with the namespace of the treatment; written with one of the others."""

REFUSALS = {
    Need.FRONT: "it has no proxy in front of a Service: kube-proxy forwards its connections; use --platform docker",
    Need.PROCESSES: "it runs pods on nodes whose processes it cannot reach; use --platform local",
    Need.MEMORY_GUARD: "it runs pods on nodes that enforce their limits: set `limits.memory`",
}


class _ClusterProvider:
    """What both providers share: the platforms of one cluster, which is known once a session has begun."""

    max_parallel_drills = 1

    def __init__(self, options: PlatformOptions) -> None:
        self._options, self._manifests = options, options.manifests
        self._cluster: ClusterRef | None = None

    @property
    def _namespaces(self) -> Mapping[str, str]:
        named = self._manifests.namespace if self._manifests else self._options.namespace
        both = namespaces(named or SHIPPED_NAMESPACE)
        return {TREATMENT: both[TREATMENT]} if self._options.one_namespace else both

    @cached_property
    def _releases(self) -> Mapping[str, Release]:
        """What each side deploys."""
        if self._manifests:
            return {side: own_release(self._manifests, side) for side in self._namespaces}
        return {side: shipped_release(side) for side in self._namespaces}

    def _check_load(self) -> None:
        if self._manifests and self._options.load_in_cluster:
            fact = "its image has the scenarios of the shipped services; with `manifests`, load comes from here"
            raise MachineError(f"--load-in-cluster: {fact}; remove the option")

    def refusal(self, need: Need) -> str:
        return REFUSALS.get(need, "")

    def create(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        assert self._cluster is not None, "create is only valid within a session"
        return KubernetesPlatform(folder, self._cluster, self._releases[side], overrides)

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

    def _images(self, announce: Announce) -> Sequence[str]:
        """What a kind cluster gets from this machine: the shipped images, or those of the manifests that are here."""
        if self._manifests:
            return images.here(self._manifests.images)
        return images.build(self._options, announce)

    def _fill(self, cluster: ClusterRef, announce: Announce, *, own: bool, detached: bool) -> None:
        """Deploy everything but the Deployments. `own`: the cluster was created by us; `detached`: for `gameday up`."""
        if self._manifests is None:
            deploy(cluster, announce, own=own)
            return
        if own:
            grant(cluster, self._releases.values(), announce)
        restore(cluster, self._namespaces.values())
        sides = [self._releases[TREATMENT]] if detached else self._releases.values()
        deploy_own(cluster, sides, announce, before.UP if detached else before.RUN)

    def _start_detached(self, folder: Path, cluster: ClusterRef) -> KubernetesPlatform:
        platform = KubernetesPlatform(folder, cluster, self._releases[TREATMENT], {})
        platform.start_detached()
        return platform

    def _note_namespace(self, folder: Path) -> None:
        (folder / NAMESPACE).write_text(f"{self._namespaces[TREATMENT]}\n", encoding="utf-8")

    def _noted_namespaces(self, folder: Path) -> Collection[str]:
        """Those that a folder's run used, unless the options name others."""
        noted = None if self._manifests or self._options.namespace else _line(folder / NAMESPACE)
        return (namespaces(noted) if noted else self._namespaces).values()


class KindProvider(_ClusterProvider):
    """See base.Provider. Uses the cluster that `gameday up` left; else creates one and removes it after the run."""

    name = "kind"
    options = frozenset({"base_image", "node_image", "load_in_cluster", "manifests", "one_namespace"})

    def _kind_cluster(self) -> str:
        return kind.name()

    def check(self) -> None:
        self._check_load()
        check_extra()
        commands.check("docker", "kind", "kubectl")
        commands.check_docker()

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        name = kind.name()
        self._note_namespace(folder)
        if kind.exists(name):
            self._cluster = self._existing(folder)
            with restored(self._cluster, self._namespaces.values(), announce):
                self._use(self._cluster, announce, detached=False)
                yield
            (folder / KUBECONFIG).unlink(missing_ok=True)
            return
        try:
            self._cluster = self._create_cluster(name, folder, announce, detached=False)
            yield
        finally:
            _delete_created(folder)
            announce(f"removed the kind cluster {name}")

    def _existing(self, folder: Path) -> ClusterRef:
        """Raises RefusedError unless the cluster is marked as a sandbox."""
        name, cluster = kind.name(), ClusterRef(folder / KUBECONFIG)
        kind.credentials(name, folder / KUBECONFIG)
        sandbox.check(cluster, f"kind-{name}", self._namespaces.values())
        return cluster

    def _use(self, cluster: ClusterRef, announce: Announce, *, detached: bool) -> None:
        announce(f"using the kind cluster {kind.name()}, which stays")
        kind.load(kind.name(), self._images(announce), announce)
        self._fill(cluster, announce, own=True, detached=detached)

    def _create_cluster(self, name: str, folder: Path, announce: Announce, *, detached: bool) -> ClusterRef:
        wanted, cluster = self._images(announce), ClusterRef(folder / KUBECONFIG)
        (folder / CREATED_CLUSTER).write_text(f"{name}\n", encoding="utf-8")
        kind.create(name, self._options.node_image, folder / KUBECONFIG, announce)
        kind.load(name, wanted, announce)
        self._fill(cluster, announce, own=True, detached=detached)
        return cluster

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        self._note_namespace(folder)
        if kind.exists(kind.name()):
            cluster = self._existing(folder)
            self._use(cluster, announce, detached=True)
            return self._start_detached(folder, cluster)
        try:
            return self._start_detached(folder, self._create_cluster(kind.name(), folder, announce, detached=True))
        except BaseException:
            _delete_created(folder)
            raise

    def destroy(self, folder: Path) -> None:
        """Delete the cluster that was created for the folder; put back one that it only used."""
        if _delete_created(folder):
            return
        cluster = ClusterRef(folder / KUBECONFIG)
        used = (folder / KUBECONFIG).exists() and kind.exists(kind.name())
        if not used or not restore(cluster, self._noted_namespaces(folder), before.UP):
            raise PlatformError(f"{folder}: no kind cluster was created for it; `kind get clusters` lists the clusters")
        (folder / KUBECONFIG).unlink()

    def recover(self, folder: Path) -> Sequence[str]:
        """Delete the cluster that was created for the run; restore one that the run only used."""
        if deleted := _delete_created(folder):
            return deleted
        if not (folder / KUBECONFIG).exists():
            return []
        spaces = self._noted_namespaces(folder)
        ended = recover(ClusterRef(folder / KUBECONFIG), spaces) if kind.exists(kind.name()) else []
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
    options = frozenset({"context", "base_image", "load_in_cluster", "manifests", "one_namespace", "namespace"})

    def check(self) -> None:
        context = self._options.context
        if not context:
            raise MachineError(
                "--platform kubernetes: no cluster is named; add --context NAME (`kubectl config get-contexts` lists "
                "them), or use --platform kind, which creates one"
            )
        self._check_load()
        check_extra()
        commands.check("kubectl")
        cluster = ClusterRef(None, context)
        if self._manifests:
            rights.check(cluster, context, self._manifests, self._namespaces.values())
        sandbox.check(cluster, context, self._namespaces.values())

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        self._cluster = self._found(folder)
        with restored(self._cluster, self._namespaces.values(), announce):
            self._prepare(self._cluster, announce, detached=False)
            yield
        (folder / CONTEXT).unlink(missing_ok=True)  # nothing is left to recover

    def _found(self, folder: Path) -> ClusterRef:
        context = self._options.context or ""
        cluster = ClusterRef(None, context)
        sandbox.check(cluster, context, self._namespaces.values())
        self._note_namespace(folder)
        (folder / CONTEXT).write_text(f"{context}\n", encoding="utf-8")
        return cluster if self._manifests else ClusterRef(None, context, node_address(cluster))

    def _prepare(self, cluster: ClusterRef, announce: Announce, *, detached: bool) -> None:
        if name := self._kind_cluster():
            kind.load(name, self._images(announce), announce)
        elif self._manifests is None:
            announce(f"the nodes of {cluster.context} must be able to pull {' and '.join(images.SERVICES)}")
        self._fill(cluster, announce, own=False, detached=detached)

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        cluster = self._found(folder)
        try:
            self._prepare(cluster, announce, detached=True)
            return self._start_detached(folder, cluster)
        except BaseException:
            with suppress(PlatformError):  # `gameday down` tries again
                restore(cluster, self._namespaces.values(), before.UP)
            raise

    def destroy(self, folder: Path) -> None:
        context = self._options.context or _line(folder / CONTEXT)
        if not context:  # the user's current context is never a default
            raise PlatformError(f"{folder}: no cluster is recorded here; name it by --context")
        cluster, spaces = ClusterRef(None, context), self._noted_namespaces(folder)
        sandbox.check(cluster, context, spaces)
        if not restore(cluster, spaces, before.UP) and SHIPPED_NAMESPACE in spaces:
            remove(cluster)
        (folder / CONTEXT).unlink(missing_ok=True)

    def recover(self, folder: Path) -> Sequence[str]:
        """Works from any machine where the context is named."""
        context = self._options.context or _line(folder / CONTEXT)
        return recover(ClusterRef(None, context), self._noted_namespaces(folder)) if context else []


def _line(file: Path) -> str:
    """The text of a file of one line; "" without the file."""
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""

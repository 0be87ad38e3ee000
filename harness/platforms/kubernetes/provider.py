"""Platforms of kind as the command line makes them: a cluster for a whole run, a namespace for each side of a drill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import PlatformError
from harness.platforms.base import Announce, Overrides, PlatformOptions
from harness.platforms.kubernetes import commands, images, kind, sandbox
from harness.platforms.kubernetes.api import check_extra
from harness.platforms.kubernetes.cluster_ref import Place
from harness.platforms.kubernetes.deploy import deploy
from harness.platforms.kubernetes.manifests import TREATMENT
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.restore import restored, take_back

CLUSTER = "cluster.txt"
"""The file that says which kind cluster was made for a folder; on disk before the cluster is there."""
KUBECONFIG = "cluster.kubeconfig"
"""The credentials of the cluster that a folder's run used."""


class KindProvider:
    """See base.Provider. Uses the cluster that `gameday up` left, else makes one and removes it."""

    name = "kind"
    max_parallel_drills = 1
    options = frozenset({"base_image", "node_image", "load_in_cluster"})

    def __init__(self, options: PlatformOptions) -> None:
        self._options = options
        self._place: Place | None = None

    def check(self) -> None:
        check_extra()
        commands.check("docker", "kind", "kubectl")
        commands.check_docker()

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        cluster = kind.name()
        if kind.exists(cluster):
            self._place = self._standing(cluster, folder, announce)
            with restored(self._place, announce):
                yield
            (folder / KUBECONFIG).unlink(missing_ok=True)
            return
        try:
            self._place = self._create(cluster, folder, announce)
            yield
        finally:
            _remove(folder)
            announce(f"removed the kind cluster {cluster}")

    def _standing(self, cluster: str, folder: Path, announce: Announce) -> Place:
        """One that is there: only if it was made as a sandbox."""
        place = Place(folder / KUBECONFIG)
        kind.credentials(cluster, folder / KUBECONFIG)
        sandbox.check(place, f"kind-{cluster}")
        announce(f"using the kind cluster {cluster}, which stays")
        kind.load(cluster, images.build(self._options, announce), announce)
        deploy(place, announce, own=True)
        return place

    def _create(self, cluster: str, folder: Path, announce: Announce) -> Place:
        names = images.build(self._options, announce)
        (folder / CLUSTER).write_text(f"{cluster}\n", encoding="utf-8")
        kind.create(cluster, self._options.node_image, folder / KUBECONFIG, announce)
        kind.load(cluster, names, announce)
        place = Place(folder / KUBECONFIG)
        deploy(place, announce, own=True)
        return place

    def create(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        assert self._place is not None
        return KubernetesPlatform(folder, self._place, side, overrides)

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        cluster, there = kind.name(), kind.exists(kind.name())
        try:
            place = self._standing(cluster, folder, announce) if there else self._create(cluster, folder, announce)
            platform = KubernetesPlatform(folder, place, TREATMENT, {})
            platform.stand()
        except BaseException:
            if not there:
                _remove(folder)
            raise
        return platform

    def destroy(self, folder: Path) -> None:
        if not _remove(folder):
            raise PlatformError(f"{folder}: no cluster was made for it; `kind get clusters` shows what there is")

    def recover(self, folder: Path) -> Sequence[str]:
        """The cluster that was made for a run goes; one that it only used is put back as it was."""
        if removed := _remove(folder):
            return removed
        if not (folder / KUBECONFIG).exists():
            return []
        ended = take_back(Place(folder / KUBECONFIG)) if kind.exists(kind.name()) else []
        (folder / KUBECONFIG).unlink()
        return ended


def _remove(folder: Path) -> list[str]:
    """The cluster that was made for this folder, if there is one; says which."""
    note = folder / CLUSTER
    if not note.exists():
        return []
    cluster = note.read_text(encoding="utf-8").strip()
    kind.delete(cluster, folder / KUBECONFIG)
    (folder / KUBECONFIG).unlink(missing_ok=True)
    note.unlink()
    return [f"kind cluster {cluster}"]

"""Platforms of kind as the command line makes them: a cluster for a whole run, a namespace for each side of a drill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import PlatformError
from harness.platforms.base import Options, Overrides, Say
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


class KindMaker:
    """See base.Maker. Uses the cluster that `gameday up` left, else makes one and removes it."""

    name = "kind"
    at_once = 1
    takes = frozenset({"base_image", "node_image", "load_in_cluster"})

    def __init__(self, options: Options) -> None:
        self._options = options
        self._place: Place | None = None

    def check(self) -> None:
        check_extra()
        commands.check("docker", "kind", "kubectl")
        commands.check_docker()

    @contextmanager
    def opened(self, folder: Path, say: Say) -> Iterator[None]:
        cluster = kind.name()
        if kind.exists(cluster):
            self._place = self._standing(cluster, folder, say)
            with restored(self._place, say):
                yield
            (folder / KUBECONFIG).unlink(missing_ok=True)
            return
        try:
            self._place = self._create(cluster, folder, say)
            yield
        finally:
            _remove(folder)
            say(f"removed the kind cluster {cluster}")

    def _standing(self, cluster: str, folder: Path, say: Say) -> Place:
        """One that is there: only if it was made as a sandbox."""
        place = Place(folder / KUBECONFIG)
        kind.credentials(cluster, folder / KUBECONFIG)
        sandbox.check(place, f"kind-{cluster}")
        say(f"using the kind cluster {cluster}, which stays")
        kind.load(cluster, images.build(self._options, say), say)
        deploy(place, say, own=True)
        return place

    def _create(self, cluster: str, folder: Path, say: Say) -> Place:
        names = images.build(self._options, say)
        (folder / CLUSTER).write_text(f"{cluster}\n", encoding="utf-8")
        kind.create(cluster, self._options.node_image, folder / KUBECONFIG, say)
        kind.load(cluster, names, say)
        place = Place(folder / KUBECONFIG)
        deploy(place, say, own=True)
        return place

    def make(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        assert self._place is not None
        return KubernetesPlatform(folder, self._place, side, overrides)

    def stand(self, folder: Path, say: Say) -> KubernetesPlatform:
        cluster, there = kind.name(), kind.exists(kind.name())
        try:
            place = self._standing(cluster, folder, say) if there else self._create(cluster, folder, say)
            platform = KubernetesPlatform(folder, place, TREATMENT, {})
            platform.stand()
        except BaseException:
            if not there:
                _remove(folder)
            raise
        return platform

    def end(self, folder: Path) -> None:
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

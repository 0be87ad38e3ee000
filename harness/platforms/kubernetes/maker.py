"""Platforms of kind as the command line makes them: a cluster for a whole run, a namespace for each side of a drill."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import PlatformError
from harness.platforms.base import Options, Overrides, Say
from harness.platforms.kubernetes import commands, images, kind, sandbox
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.deploy import deploy, kubeconfig_in
from harness.platforms.kubernetes.manifests import MAIN
from harness.platforms.kubernetes.platform import KubernetesPlatform, Place
from harness.platforms.kubernetes.restore import restore

CLUSTER = "cluster.txt"
"""The file that says which kind cluster was made for a folder; on disk before the cluster is there."""


class KindMaker:
    """See base.Maker. Uses the cluster that `gameday up` left, else makes one and removes it."""

    name = "kind"
    at_once = 1
    takes = frozenset({"base_image", "node_image"})

    def __init__(self, options: Options) -> None:
        self._options = options
        self._place: Place | None = None

    def check(self) -> None:
        commands.check("docker", "kind", "kubectl")
        commands.check_docker()

    @contextmanager
    def opened(self, folder: Path, say: Say) -> Iterator[None]:
        cluster = kind.name()
        if kind.exists(cluster):
            self._place = self._standing(cluster, folder)
            say(f"using the kind cluster {cluster}, which stays")
            deploy(self._place, say, own=True)
            try:
                yield
            finally:
                _put_back(self._place, say)
            return
        try:
            self._place = self._create(cluster, folder, say)
            yield
        finally:
            say(f"removing the kind cluster {cluster}")
            _remove(folder)

    def _standing(self, cluster: str, folder: Path) -> Place:
        """One that is there: only if it was made as a sandbox."""
        kubeconfig = kubeconfig_in(folder)
        kind.credentials(cluster, kubeconfig)
        api = Api(kubeconfig)
        sandbox.check(api, f"kind-{cluster}")
        api.close()
        self._load(cluster, lambda line: None)
        return Place(kubeconfig, None)

    def _create(self, cluster: str, folder: Path, say: Say) -> Place:
        kubeconfig = kubeconfig_in(folder)
        names = images.build(self._options.base_image, say)
        (folder / CLUSTER).write_text(f"{cluster}\n", encoding="utf-8")
        kind.create(cluster, self._options.node_image, kubeconfig, say)
        kind.load(cluster, names, say)
        place = Place(kubeconfig, None)
        deploy(place, say, own=True)
        return place

    def _load(self, cluster: str, say: Say) -> None:
        kind.load(cluster, images.build(self._options.base_image, say), say)

    def make(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        assert self._place is not None
        return KubernetesPlatform(folder, self._place, side, overrides)

    def stand(self, folder: Path, say: Say) -> KubernetesPlatform:
        folder.mkdir(parents=True, exist_ok=True)
        cluster = kind.name()
        if kind.exists(cluster):
            place = self._standing(cluster, folder)
        else:
            try:
                place = self._create(cluster, folder.resolve(), say)
            except BaseException:
                _remove(folder)
                raise
        platform = KubernetesPlatform(folder, place, MAIN, {})
        platform.stand()
        return platform

    def end(self, folder: Path) -> None:
        if not _remove(folder):
            raise PlatformError(f"{folder}: no cluster was made for it; `kind get clusters` shows what there is")

    def recover(self, folder: Path) -> Sequence[str]:
        return _remove(folder)


def _put_back(place: Place, say: Say) -> None:
    api = Api(place.kubeconfig, place.context)
    try:
        restore(api)
    except PlatformError as error:
        say(f"the Deployments are not as they were: {error}")
    finally:
        api.close()


def _remove(folder: Path) -> list[str]:
    """The cluster that was made for this folder, if there is one; says which."""
    note = folder / CLUSTER
    try:
        cluster = note.read_text(encoding="utf-8").strip()
    except OSError:
        return []
    kind.delete(cluster, kubeconfig_in(folder))
    kubeconfig_in(folder).unlink(missing_ok=True)
    note.unlink(missing_ok=True)
    return [f"kind cluster {cluster}"]

"""Platforms in a cluster that is there already, and that was named as a sandbox twice: by its context and on its
namespaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from harness.errors import MachineError, PlatformError
from harness.platforms.base import Announce, Overrides, PlatformOptions
from harness.platforms.kubernetes import commands, images, kind, sandbox
from harness.platforms.kubernetes.api import check_extra
from harness.platforms.kubernetes.cluster_ref import Place
from harness.platforms.kubernetes.deploy import address, deploy, remove
from harness.platforms.kubernetes.manifests import TREATMENT
from harness.platforms.kubernetes.platform import KubernetesPlatform
from harness.platforms.kubernetes.restore import restored, take_back

CONTEXT = "context.txt"
"""The file that says which context of the user's kubeconfig a folder's run used; on disk before anything is changed."""


class KubernetesProvider:
    """See base.Provider. The namespaces, and whatever else is in them, stay."""

    name = "kubernetes"
    max_parallel_drills = 1
    options = frozenset({"context", "base_image", "load_in_cluster"})

    def __init__(self, options: PlatformOptions) -> None:
        self._options = options
        self._place = Place(None, options.context)

    def check(self) -> None:
        if not self._options.context:
            raise MachineError(
                "--platform kubernetes: name a cluster by --context; `kubectl config get-contexts` shows them, "
                "--platform kind makes one"
            )
        check_extra()
        commands.check("kubectl")
        sandbox.check(self._place, self._options.context)

    @contextmanager
    def session(self, folder: Path, announce: Announce) -> Iterator[None]:
        self._prepare(folder, announce)
        with restored(self._place, announce):
            yield
        (folder / CONTEXT).unlink(missing_ok=True)  # there is nothing to recover

    def _prepare(self, folder: Path, announce: Announce) -> None:
        context = self._options.context or ""
        sandbox.check(self._place, context)
        (folder / CONTEXT).write_text(f"{context}\n", encoding="utf-8")
        self._place = Place(None, context, address(self._place))
        if context.startswith("kind-"):
            kind.load(context.removeprefix("kind-"), images.build(self._options, announce), announce)
        else:
            announce(f"the nodes of {context} have to find {' and '.join(images.SERVICES)} by themselves")
        deploy(self._place, announce, own=False)

    def create(self, folder: Path, side: str, overrides: Overrides) -> KubernetesPlatform:
        return KubernetesPlatform(folder, self._place, side, overrides)

    def start_detached(self, folder: Path, announce: Announce) -> KubernetesPlatform:
        self._prepare(folder, announce)
        platform = KubernetesPlatform(folder, self._place, TREATMENT, {})
        platform.stand()
        return platform

    def destroy(self, folder: Path) -> None:
        context = self._options.context or _context(folder)
        if context is None:  # never the user's current one
            raise PlatformError(f"{folder}: nothing says which cluster was used; name it by --context")
        place = Place(None, context)
        sandbox.check(place, context)
        remove(place)
        (folder / CONTEXT).unlink(missing_ok=True)

    def recover(self, folder: Path) -> Sequence[str]:
        """Needs no folder of this machine where the context is named."""
        context = self._options.context or _context(folder)
        return take_back(Place(None, context)) if context else []


def _context(folder: Path) -> str | None:
    try:
        return (folder / CONTEXT).read_text(encoding="utf-8").strip()
    except OSError:
        return None

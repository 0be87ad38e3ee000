"""Waits for the user's workloads that are no Deployments, such as a database: the Deployments may need them."""

from __future__ import annotations

from collections.abc import Sequence

from harness.machine.objects import Obj, items, section, text
from harness.machine.waiting import wait_until
from harness.manifests import Declared
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.objects import Pod, name_of, replicas_of, whole
from harness.platforms.kubernetes.own_start import start_error
from harness.platforms.kubernetes.release import Release, path_of

LIMIT_S, POLL_S = 180.0, 0.5
KINDS = ("StatefulSet", "DaemonSet")


def await_workloads(api: Api, release: Release) -> None:
    """Return when all are ready. Raises StartError when the time is over, or as soon as a pod cannot start."""
    wanted = [each for each in release.others if text(each, "kind") in KINDS]
    if not wanted:
        return

    def stuck() -> bool:
        return any(pod.unstartable for _, pod in _pods(api, release))

    wait_until(lambda: _are_ready(api, wanted) or stuck(), LIMIT_S, POLL_S)
    if not _are_ready(api, wanted):
        late = [(declared, pod) for declared, pod in _pods(api, release) if not pod.ready]
        names = ", ".join(f"{text(each, 'kind')} {name_of(each)}" for each in wanted)
        raise start_error(late, (), LIMIT_S, f"{release.namespace}: not ready within {LIMIT_S:g} s: {names}")


def _are_ready(api: Api, workloads: Sequence[Obj]) -> bool:
    return all(_is_ready(text(each, "kind"), api.get(path_of(each))) for each in workloads)


def _is_ready(kind: str, found: Obj) -> bool:
    status = section(found, "status")
    if whole(status, "observedGeneration") < whole(found, "metadata", "generation"):
        return False
    if kind == "StatefulSet":
        return whole(status, "readyReplicas") >= replicas_of(found)
    return whole(status, "numberReady") >= whole(status, "desiredNumberScheduled")


def _pods(api: Api, release: Release) -> list[tuple[Declared, Pod]]:
    """The pods of these workloads, each with its manifest."""
    objects = release.manifests.objects if release.manifests else ()
    declared = {(each.kind, each.name): each for each in objects if each.kind in KINDS}
    found = api.list(f"/api/v1/namespaces/{release.namespace}/pods")
    owners = [
        (text(each, "kind"), text(each, "name"))
        for pod in found
        for each in items(pod, "metadata", "ownerReferences")[:1] or [{}]
    ]
    return [(declared[owner], Pod.parse(pod)) for owner, pod in zip(owners, found, strict=True) if owner in declared]

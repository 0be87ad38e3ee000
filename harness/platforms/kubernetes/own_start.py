"""The error of services of the user that did not start, with the place of each in its manifest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.cluster.logs import last_lines
from harness.errors import StartError
from harness.machine.objects import text
from harness.manifests import Declared
from harness.manifests.model import containers, pod_of, pod_path
from harness.platforms.kubernetes.objects import Pod

IMAGE_HINT = (
    "the nodes have to be able to pull it; on kind, an image of this machine is loaded, and needs a tag other than "
    "`latest` or `imagePullPolicy: IfNotPresent`"
)


def start_error(
    late: Sequence[tuple[Declared, Pod]], logs: Sequence[Path], limit_s: float, otherwise: str
) -> StartError:
    """Names the manifest of each pod that does not run or is not ready, and the reason; `logs` are those of all pods.

    `otherwise` is the message without such pods.
    """
    found: dict[str, str] = {}
    for declared, pod in late:
        own = [log for log in logs if log.parent.name == pod.name]
        for place, why in _facts(pod, declared, own, limit_s):
            found.setdefault(f"{place}: {declared.about} did not start", why)
    return StartError("\n".join(f"{subject}: {why}" for subject, why in found.items()) or otherwise)


def _facts(pod: Pod, declared: Declared, logs: Sequence[Path], limit_s: float) -> Iterator[tuple[str, str]]:
    """(place, reason): each container that cannot start, else that the pod was not ready in time."""
    for path, container in containers(pod_of(declared.body)):
        if why := pod.unstartable.get(text(container, "name")):
            of_image = "onfig" not in why.partition(":")[0]
            place = declared.place(*pod_path(declared.kind), *path, *(("image",) if of_image else ()))
            yield place, f"{why}; {IMAGE_HINT}" if of_image else why
    if not pod.unstartable:
        state = pod.waiting or ("terminating" if pod.ending else "its readiness probe fails")
        tail = f"; {last_lines(logs[-1])}" if logs else ""
        yield declared.place(), f"{pod.name} was not ready within {limit_s:g} s: {state}{tail}"

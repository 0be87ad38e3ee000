"""Waits for the pods of a release, and says why they are not ready."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from harness.errors import GamedayError, PlatformError
from harness.platforms.kubernetes.objects import Pod, replicas_of
from harness.platforms.kubernetes.own_start import start_error
from harness.platforms.kubernetes.release import Release
from harness.platforms.kubernetes.watching import EVENTS, Watching

UP_S, OWN_UP_S = 90.0, 180.0
"""The limits for the shipped services, and for the user's: what these do while they start is not known."""
SETTLE_S = 10.0
"""How long the other pods are waited for when one cannot start, so that the error names all that cannot."""


def await_pods(watching: Watching, release: Release, drill: str, folder: Path) -> None:
    """Return when all pods of the drill are ready and no others are left, or when `watching` was stopped.

    Raises StartError or PlatformError when the time is over, or as soon as one cannot start.
    """
    limit_s = OWN_UP_S if release.own else UP_S
    ended = watching.wait_for(lambda pods: _all_ready(pods, release, drill) or any(map(_unstartable, pods)), limit_s)
    if ended and not any(map(_unstartable, watching.pods())):
        return
    if ended:
        watching.wait_for(lambda pods: all(pod.ran or _unstartable(pod) for pod in pods), SETTLE_S)
    raise _late(watching, release, folder, limit_s)


def _all_ready(pods: Sequence[Pod], release: Release, drill: str) -> bool:
    """At least the declared number, as an autoscaler may want more."""
    ours = Counter(pod.app for pod in pods if pod.drill == drill and pod.ready and not pod.ending)
    wanted = {name: replicas_of(declared) for name, declared in release.deployments.items()}
    return all(ours[name] >= count for name, count in wanted.items()) and len(pods) == ours.total()


def _unstartable(pod: Pod) -> bool:
    return bool(pod.unstartable)


def _late(watching: Watching, release: Release, folder: Path, limit_s: float) -> GamedayError:
    late = [pod for pod in watching.pods() if not pod.ready or pod.ending]
    if release.manifests:
        logs = [path for name in release.deployments for path in watching.logs.files(name)]
        pairs = [(release.manifests.deployments[pod.app], pod) for pod in late if pod.app in release.deployments]
        otherwise = f"{release.manifests.place}: manifests: pods are missing; see {folder / EVENTS}"
        return start_error(pairs, logs, limit_s, otherwise)
    facts = [
        f"{pod.name}: {pod.waiting or ('terminating' if pod.ending else 'its health check fails')}" for pod in late
    ]
    unready = f"{'; '.join(facts) or 'pods are missing'}; see {folder / EVENTS}"
    return PlatformError(f"{release.namespace}: not ready within {limit_s:g} s: {unready}")

"""Asks the pods of a release for their health and metrics, through the API server, which reaches every pod."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.http import Answer
from harness.platforms.kubernetes.api import Api
from harness.platforms.kubernetes.objects import Pod
from harness.platforms.kubernetes.release import Release

TIMEOUT_S = 5.0


class Asking:
    """Returns answers by pod name. `pods` are those of the Deployment that have been started."""

    def __init__(self, api: Api, release: Release) -> None:
        self._api, self._release = api, release

    def health(self, deployment: str, pods: Sequence[Pod]) -> Mapping[str, Answer]:
        """Of an HTTP request as the readiness probe, the answer; of any other one, what the kubelet found."""
        if asked := self._release.asked[deployment].health:
            return self._get(asked, pods)
        return {pod.name: Answer(200, "") if pod.ready else Answer(503, "its readiness probe fails") for pod in pods}

    def metrics(self, deployment: str, pods: Sequence[Pod]) -> Mapping[str, Answer]:
        """The Prometheus text; empty for a Deployment without metrics."""
        asked = self._release.asked[deployment].metrics
        return self._get(asked, pods) if asked else {}

    def _get(self, asked: str, pods: Sequence[Pod]) -> Mapping[str, Answer]:
        """GET of each pod."""
        if not pods:
            return {}
        places = [proxied(self._release.namespace, pod.name, asked) for pod in pods]
        with ThreadPoolExecutor(len(pods)) as pool:
            answers = pool.map(lambda place: self._api.answer(place, TIMEOUT_S), places)
            return {pod.name: answer for pod, answer in zip(pods, answers, strict=True)}


def proxied(namespace: str, pod: str, asked: str) -> str:
    """The path at which the API server asks a pod; `asked` is `[https:]PORT/PATH`."""
    scheme = "https:" if asked.startswith("https:") else ""
    port, _, path = asked.removeprefix("https:").partition("/")
    return f"/api/v1/namespaces/{namespace}/pods/{scheme}{pod}:{port}/proxy/{path}"

"""Checks that the namespaces of a cluster are marked as sandboxes by an annotation, so that drills may break them."""

from __future__ import annotations

from collections.abc import Collection

from harness.errors import RefusedError
from harness.machine.objects import text
from harness.platforms.kubernetes.api import Api, ApiError
from harness.platforms.kubernetes.cluster_ref import ClusterRef

ANNOTATION = "gameday.dev/sandbox"


def check(cluster: ClusterRef, context: str, namespaces: Collection[str]) -> None:
    """Raises RefusedError with the commands that mark the namespaces of `context` as sandboxes; changes nothing."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        problems = [why for namespace in namespaces for why in _problems(api, context, namespace)]
    finally:
        api.close()
    if problems:
        commands = "\n".join(problems)
        raise RefusedError(
            f"refusing to run: context {context} is not marked as a sandbox; gameday would replace and break every "
            f"Deployment in it. To mark it:\n{commands}"
        )


def _problems(api: Api, context: str, namespace: str) -> list[str]:
    annotate = f"  kubectl --context {context} annotate namespace {namespace} {ANNOTATION}=true"
    try:
        found = api.get(f"/api/v1/namespaces/{namespace}")
    except ApiError as error:
        if error.status != 404:
            raise
        return [f"  kubectl --context {context} create namespace {namespace}", annotate]
    if text(found, "metadata", "annotations", ANNOTATION) != "true":
        return [f"{annotate}   # the annotation is missing"]
    return []

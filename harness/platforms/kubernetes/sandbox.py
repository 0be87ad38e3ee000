"""Which namespaces may be harmed: those that carry an annotation, set by their owner, or by `gameday up` on its own."""

from __future__ import annotations

from harness.errors import RefusedError
from harness.machine.objects import text
from harness.platforms.kubernetes.api import Api, ApiError
from harness.platforms.kubernetes.cluster_ref import ClusterRef
from harness.platforms.kubernetes.manifests import NAMESPACES

ANNOTATION = "gameday.dev/sandbox"


def check(cluster: ClusterRef, context: str) -> None:
    """Raises RefusedError with what is missing and the commands that say so; harms nothing."""
    api = Api(cluster.kubeconfig, cluster.context)
    try:
        problems = [why for namespace in NAMESPACES.values() for why in _problems(api, context, namespace)]
    finally:
        api.close()
    if problems:
        acts = "\n".join(problems)
        raise RefusedError(
            f"context {context} is not named as a sandbox twice; every Deployment in it would be replaced and broken.\n"
            f"If that is what you want:\n{acts}"
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
        return [f"{annotate}   # it has no such annotation"]
    return []

"""kind: a cluster of our own, by its name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness import shipped
from harness.platforms.base import Announce
from harness.platforms.kubernetes.commands import run

NAME_VARIABLE, NODE_VARIABLE, CONFIG_VARIABLE = "KIND_CLUSTER_NAME", "GAMEDAY_NODE_IMAGE", "GAMEDAY_KIND_CONFIG"


def name() -> str:
    """kind's own variable, or the name in kind-config.yaml."""
    return os.environ.get(NAME_VARIABLE) or "gameday"


def exists(cluster: str) -> bool:
    return cluster in run(["kind", "get", "clusters"], "is the container engine running?").split()


def create(cluster: str, node_image: str | None, kubeconfig: Path, announce: Announce) -> None:
    """Returns when its node is ready; `kubeconfig` gets its credentials. Raises PlatformError with kind's words."""
    image = node_image or os.environ.get(NODE_VARIABLE)
    announce(f"creating the kind cluster {cluster}{f' of {image}' if image else ''}: about a minute")
    config = os.environ.get(CONFIG_VARIABLE) or str(shipped.path("kind-config.yaml"))
    argv = ["kind", "create", "cluster", "--name", cluster, "--config", config, "--kubeconfig", str(kubeconfig)]
    hint = (
        "a node image that cannot be pulled: name one that is here by --node-image; a port that is taken: "
        f"`docker ps` shows by whom, {config} says which"
    )
    run([*argv, "--wait", "180s", *(["--image", image] if image else [])], hint)


def credentials(cluster: str, kubeconfig: Path) -> None:
    """Write those of a cluster that is there."""
    hint = "`kind get clusters` shows what there is"
    run(["kind", "export", "kubeconfig", "--name", cluster, "--kubeconfig", str(kubeconfig)], hint)


def load(cluster: str, images: Sequence[str], announce: Announce) -> None:
    """Give it images of this machine; those that it has are left out by kind."""
    announce(f"loading {', '.join(images)} into {cluster}")
    for image in images:
        run(
            ["kind", "load", "docker-image", image, "--name", cluster],
            f"is the cluster still there? `kind get nodes --name {cluster}`",
        )


def delete(cluster: str, kubeconfig: Path) -> None:
    """May be called twice."""
    run(
        ["kind", "delete", "cluster", "--name", cluster, "--kubeconfig", str(kubeconfig)],
        "`docker ps` shows what is left",
    )

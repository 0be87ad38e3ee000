"""Creates, finds and deletes kind clusters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from harness import shipped
from harness.errors import GamedayError
from harness.platforms.base import Announce
from harness.platforms.kubernetes.commands import run

NAME_VARIABLE, NODE_VARIABLE, CONFIG_VARIABLE = "KIND_CLUSTER_NAME", "GAMEDAY_NODE_IMAGE", "GAMEDAY_KIND_CONFIG"


def name() -> str:
    """The cluster's name: kind's own environment variable, else the name in kind-config.yaml."""
    return os.environ.get(NAME_VARIABLE) or "gameday"


def exists(cluster: str) -> bool:
    """Whether a kind cluster has this name."""
    return cluster in run(["kind", "get", "clusters"], "check that the container engine runs").split()


def create(cluster: str, node_image: str | None, kubeconfig: Path, announce: Announce) -> None:
    """Create a cluster and wait until its node is ready; its credentials are written to `kubeconfig`.

    Raises PlatformError with kind's last lines.
    """
    image = node_image or os.environ.get(NODE_VARIABLE)
    announce(f"creating the kind cluster {cluster}{f' of {image}' if image else ''}: about a minute")
    config = os.environ.get(CONFIG_VARIABLE) or str(shipped.path("kind-config.yaml"))
    argv = ["kind", "create", "cluster", "--name", cluster, "--config", config, "--kubeconfig", str(kubeconfig)]
    hint = (
        "if the node image cannot be pulled, name a local one by --node-image; if a port is in use, `docker ps` shows "
        f"by which container, and {config} lists the ports"
    )
    run([*argv, "--wait", "180s", *(["--image", image] if image else [])], hint)


def credentials(cluster: str, kubeconfig: Path) -> None:
    """Write the credentials of an existing cluster."""
    hint = "`kind get clusters` lists the clusters"
    run(["kind", "export", "kubeconfig", "--name", cluster, "--kubeconfig", str(kubeconfig)], hint)


def nodes(cluster: str) -> Sequence[str]:
    """Ids of the containers that are the cluster's nodes, if the Docker engine of this machine runs them."""
    argv = ["docker", "ps", "--quiet", "--no-trunc", "--filter", f"label=io.x-k8s.kind.cluster={cluster}"]
    try:
        return run(argv, "check that the container engine runs").split()
    except GamedayError:
        return ()


def load(cluster: str, images: Sequence[str], announce: Announce) -> None:
    """Load images of this machine into the cluster; kind skips those that it has."""
    if images:
        announce(f"loading {', '.join(images)} into {cluster}")
    for image in images:
        run(
            ["kind", "load", "docker-image", image, "--name", cluster],
            f"check that the cluster runs: `kind get nodes --name {cluster}`",
        )


def delete(cluster: str, kubeconfig: Path) -> None:
    """Delete a cluster. Idempotent."""
    run(
        ["kind", "delete", "cluster", "--name", cluster, "--kubeconfig", str(kubeconfig)],
        "`docker ps` lists the containers that are left",
    )

"""Where a cluster is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ClusterRef:
    """A context of a kubeconfig, and the host on which the cluster's NodePorts are."""

    kubeconfig: Path | None
    """A file of ours; None: the user's own."""
    context: str | None = None
    """None: the current one; only where the file is ours."""
    node: str = LOOPBACK

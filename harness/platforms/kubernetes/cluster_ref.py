"""Reference to a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ClusterRef:
    """A context of a kubeconfig, and the address of a node, at which NodePorts are reached."""

    kubeconfig: Path | None
    """None: the user's own kubeconfig."""
    context: str | None = None
    """None: the file's current context; never used with the user's own kubeconfig."""
    node: str = LOOPBACK

    def kubectl(self) -> list[str]:
        """The command `kubectl` with the options that name this cluster."""
        kubeconfig = [f"--kubeconfig={self.kubeconfig}"] if self.kubeconfig else []
        return ["kubectl", *kubeconfig, *([f"--context={self.context}"] if self.context else [])]

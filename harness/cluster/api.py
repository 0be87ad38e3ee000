"""Contract between kubectl and the small cluster: Kubernetes API objects in, Kubernetes API objects out.

Objects have the Kubernetes API's shape (`apiVersion`, `kind`, `metadata`, `spec`, `status`), so that tables, `-o
json|yaml|jsonpath` and `describe` all present the same object, and every change is a change of `spec`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.machine.objects import Obj


class NotFound(Exception):
    """The object does not exist; `plural` and `name` are those of kubectl's message (`deployments.apps`, `web`)."""

    def __init__(self, plural: str, name: str) -> None:
        super().__init__(f'{plural} "{name}" not found')
        self.plural, self.name = plural, name


class Invalid(Exception):
    """The API server refuses the request; `str(error)` is its message."""


@dataclass(frozen=True)
class Usage:
    """CPU in millicores and memory in bytes, averaged over the last measuring window."""

    cpu_m: int
    memory_bytes: int


class Process(Protocol):
    """A command that runs in a pod (kubectl exec)."""

    stdout: AsyncIterator[bytes]
    stderr: AsyncIterator[bytes]

    async def wait(self) -> int:
        """Wait for the end; returns the exit status, 128 + n after signal n."""
        ...

    def kill(self) -> None:
        """Kill the command and what it started."""
        ...


class Cluster(Protocol):
    """The API server and its controllers. All returned objects are copies.

    Kinds are lower-case plurals: pods, deployments, replicasets, services, endpoints, nodes, persistentvolumes,
    ingresses, networkpolicies, events, namespaces. `namespace` is None for cluster-wide kinds and for all namespaces.
    """

    server_version: str

    def list(self, kind: str, namespace: str | None) -> Sequence[Obj]:
        """All objects of a kind."""
        ...

    def get(self, kind: str, namespace: str | None, name: str) -> Obj:
        """One object. Raises NotFound."""
        ...

    async def edit(
        self, kind: str, namespace: str, name: str, change: Callable[[Obj], Obj], why: str
    ) -> tuple[Obj, Obj]:
        """Replace the object by `change(copy)`; returns (before, after).

        A Deployment with a changed `spec.template` is rolled out, one with changed `spec.replicas` scaled. Of other
        kinds, only labels and annotations can change. `why` is logged. Raises NotFound, Invalid.
        """
        ...

    async def delete_pod(self, namespace: str, name: str, grace_s: float | None) -> None:
        """Begin to terminate a pod, which its ReplicaSet replaces. Raises NotFound.

        `grace_s`: seconds from SIGTERM to SIGKILL; None: the pod's own.
        """
        ...

    async def undo(self, namespace: str, name: str, revision: int | None) -> tuple[Obj, Obj]:
        """Roll a Deployment back to the template of a revision (None: the previous one); returns (before, after).

        Raises NotFound, Invalid.
        """
        ...

    def log(
        self, namespace: str, pod: str, *, previous: bool, follow: bool, tail: int | None, since_s: float | None
    ) -> AsyncIterator[bytes]:
        """Lines of the pod's log, with their newlines; with `follow`, until the container has ended.

        Raises NotFound, or Invalid where the API server answers BadRequest, before the first line.
        """
        ...

    async def execute(
        self, namespace: str, pod: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool
    ) -> Process:
        """Start a command in the pod, with its environment and working directory.

        Raises NotFound, FileNotFoundError for a missing program, Invalid when the container does not run.
        """
        ...

    def usage(self, namespace: str) -> Mapping[str, Usage]:
        """Resource usage by pod name."""
        ...

    def node_usage(self) -> Mapping[str, Usage]:
        """Resource usage by node name."""
        ...

    async def changed(self, timeout_s: float) -> bool:
        """Wait until any object has changed; returns False after `timeout_s`."""
        ...

"""What the kubectl front needs of a cluster: Kubernetes API objects in, Kubernetes API objects out.

Objects are shaped as the Kubernetes API shapes them (`apiVersion`, `kind`, `metadata`, `spec`, `status`), so that
tables, `-o json|yaml|jsonpath` and `describe` are all views of one thing, and a change is always a change of `spec`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from harness.machine.objects import Obj


class NotFound(Exception):
    """No such object: `plural` and `name` as kubectl's message needs them (`deployments.apps`, `web`)."""

    def __init__(self, plural: str, name: str) -> None:
        super().__init__(f'{plural} "{name}" not found')
        self.plural, self.name = plural, name


class Invalid(Exception):
    """The API server would refuse this change; `str(error)` is its text."""


@dataclass(frozen=True)
class Usage:
    """CPU in millicores and memory in bytes, over the last measuring window."""

    cpu_m: int
    memory_bytes: int


class Process(Protocol):
    """A command running inside a pod (kubectl exec)."""

    stdout: AsyncIterator[bytes]
    stderr: AsyncIterator[bytes]

    async def wait(self) -> int:
        """Exit status; 128+n for a signal."""
        ...

    def kill(self) -> None:
        """End the whole process group."""
        ...


class Cluster(Protocol):
    """The API server and its controllers, in one object. Everything returned is a copy.

    Kinds are lower-case plurals: pods, deployments, replicasets, services, endpoints, nodes, persistentvolumes,
    ingresses, networkpolicies, events, namespaces. `namespace` is None for cluster-wide kinds and for all namespaces.
    """

    server_version: str

    def list(self, kind: str, namespace: str | None) -> Sequence[Obj]: ...

    def get(self, kind: str, namespace: str | None, name: str) -> Obj:
        """One object; raises NotFound."""
        ...

    async def edit(
        self, kind: str, namespace: str, name: str, change: Callable[[Obj], Obj], why: str
    ) -> tuple[Obj, Obj]:
        """Apply `change` to a copy of the object; returns (before, after).

        Deployments: a changed `spec.template` is a rollout, a changed `spec.replicas` a scale. Other objects take
        labels and annotations. Raises NotFound, Invalid. `why` goes to the platform's own log.
        """
        ...

    async def delete_pod(self, namespace: str, name: str, grace_s: float | None) -> None:
        """Begin to end a pod (its ReplicaSet replaces it); raises NotFound."""
        ...

    async def undo(self, namespace: str, name: str, revision: int | None) -> tuple[Obj, Obj]:
        """Roll a Deployment back to an earlier ReplicaSet's template; raises NotFound, Invalid."""
        ...

    def log(
        self, namespace: str, pod: str, *, previous: bool, follow: bool, tail: int | None, since_s: float | None
    ) -> AsyncIterator[bytes]:
        """The pod's log in lines (with newline); with `follow` it goes on until the container has ended.

        Raises NotFound, or Invalid where the API server answers BadRequest, before it yields.
        """
        ...

    async def execute(
        self, namespace: str, pod: str, argv: Sequence[str], *, stdin: bytes | None, tty: bool
    ) -> Process:
        """Start a command in the pod: its environment, its working directory, its `/app`.

        Raises NotFound, FileNotFoundError for a program the pod lacks, Invalid for a container that does not run.
        """
        ...

    def usage(self, namespace: str) -> Mapping[str, Usage]:
        """By pod name."""
        ...

    def node_usage(self) -> Mapping[str, Usage]: ...

    async def changed(self, timeout_s: float) -> bool:
        """Wait until any object changed; False when the time is up."""
        ...

"""What a platform shows of itself: its Deployments, its admin ports, and the environment of its operator's shell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeAlias

Destination: TypeAlias = tuple[str, int] | str
"""Where a program connects to: host and port of TCP, or the path of a unix socket."""


@dataclass(frozen=True)
class Shell:
    """The environment in which the runbook's commands run, so that they act on one platform only."""

    path: str
    """PATH: one folder, which holds kubectl and links to the allowed tools."""
    env: Mapping[str, str]
    """All other variables (HOME, CURL_HOME …); nothing is inherited from the harness."""
    cwd: Path


@dataclass(frozen=True)
class ScrapeTarget:
    """Where the metrics of one pod are: `http://ADDRESS/PATH`; `address` is HOST:PORT."""

    deployment: str
    pod: str
    address: str
    path: str


@dataclass(frozen=True)
class CommandResult:
    """Exit status and complete output of a finished command."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class DeploymentState:
    """Spec and pods of one Deployment at one moment, so that states before and after a step can be compared."""

    name: str
    replicas: int
    """Wanted number of pods."""
    ready: int
    """Number of pods that are ready."""
    env: Mapping[str, str]
    pods: tuple[str, ...]
    """Names of the pods that are not terminating, oldest first."""
    generation: int
    """`metadata.generation`: increases with every change of the spec."""
    protections: Mapping[str, str] = field(default_factory=dict)
    """Probes (as JSON) and limits of its container, by name: `livenessProbe`, `limits.memory`."""


@dataclass(frozen=True)
class AdminPort:
    """The HTTP endpoint at which faults are injected into `owner`, a pod or the load (docs/reference/contracts.md)."""

    owner: str
    url: str
    token: str


class ObservedPlatform(Protocol):
    """A platform as far as its Deployments and Services can be observed. Methods may raise PlatformError."""

    namespace: str

    def state(self) -> Mapping[str, DeploymentState]:
        """Every Deployment's state, by name."""
        ...

    def services(self) -> Mapping[str, Sequence[int]]:
        """Declared ports, by Service name."""
        ...

    def destinations(self) -> Collection[Destination]:
        """What the programs of the operator's shell connect to: the Services, and what kubectl needs."""
        ...

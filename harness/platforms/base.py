"""The contract of a platform: where the services run. Members: local (processes); later docker and kubernetes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from harness.http import Answer


@dataclass(frozen=True)
class Shell:
    """What an operator's shell needs so that the runbook's words mean this platform."""

    path: str
    """PATH of the session: a folder of our own with kubectl and links to the allowed tools, nothing else."""
    env: Mapping[str, str]
    """The rest of the environment (CURL_HOME, HOME…); nothing is inherited."""
    cwd: Path


@dataclass(frozen=True)
class DeploymentState:
    """What a change can change, so that before and after can be compared."""

    name: str
    replicas: int
    ready: int
    env: Mapping[str, str]
    pods: tuple[str, ...]
    """Names of the running pods, oldest first (those that are ending are left out)."""
    generation: int


@dataclass(frozen=True)
class AdminPort:
    """Where a fault is injected: see docs/contracts.md."""

    owner: str
    url: str
    token: str


@dataclass(frozen=True)
class Result:
    """A finished kubectl."""

    status: int
    stdout: str
    stderr: str


class Platform(Protocol):
    """One platform of our own making. Every method may raise PlatformError, but `down`, which can be called twice."""

    name: str
    namespace: str

    def up(self) -> None:
        """Bring everything up; returns when every Deployment is ready."""
        ...

    def down(self) -> None:
        """End everything that `up` and later changes started, and wait for its end."""
        ...

    def shell(self) -> Shell: ...

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> Result:
        """Run the same kubectl that the runbook gets."""
        ...

    def state(self) -> Mapping[str, DeploymentState]:
        """By Deployment name."""
        ...

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        """Environment that each Deployment is shipped with, before anything was overridden for a drill."""
        ...

    def services(self) -> Mapping[str, Sequence[int]]:
        """Declared ports by Service name."""
        ...

    def url(self, service: str) -> str:
        """`http://IP:PORT` of a Service, for the load."""
        ...

    def health(self, deployment: str) -> Mapping[str, Answer]:
        """`/health` of each pod, by pod name."""
        ...

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        """`/metrics` of each pod, by pod name."""
        ...

    def log_files(self, deployment: str) -> Sequence[Path]:
        """The logs of all pods that the Deployment ever had."""
        ...

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        """The admin ports of the pods that run now."""
        ...

"""The contract of a platform: where the services run; and of a maker, which makes the platforms of one kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

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
    """Where a fault is injected: see docs/reference/contracts.md."""

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


@runtime_checkable
class ObjectStore(Protocol):
    """What a platform with an API server of its own can do besides."""

    def put(self, path: str, body: Mapping[str, object], why: str) -> None:
        """Make an object at the API server's `path`; before that it is noted in the cluster, so that any machine can
        take it away. Raises PlatformError."""
        ...

    def take_away(self, path: str) -> None:
        """Delete what was put at this path (with its name); may be called twice."""
        ...


class Jobs(Protocol):
    """One Job of the harness on a platform that can run one. Every method may raise PlatformError, but `stop`."""

    def start(self, body: Mapping[str, object], count: int) -> Sequence[str]:
        """Make it (noted in the cluster first) and wait until its `count` pods run; their names."""
        ...

    def follow(self, pod: str, tell: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        """Tell each line that the pod prints, from its first, in a thread; `ended` when there will be no more."""
        ...

    def port(self, pod: str, port: int) -> str:
        """A URL on loopback that leads to this port of the pod's own loopback."""
        ...

    def stop(self) -> None:
        """End it, with its last words told; can be called twice."""
        ...


@runtime_checkable
class JobHost(Protocol):
    """What a platform that runs Jobs can do besides."""

    def jobs(self) -> Jobs: ...


Overrides = Mapping[str, Mapping[str, str]]
"""Environment by Deployment, in place of what it is shipped with."""
Say = Callable[[str], None]
"""Takes one line of progress, for people."""


@dataclass(frozen=True)
class Options:
    """What the command line may say of the platforms that are to be made; None: not said."""

    base_image: str | None = None
    """What the image of the services is built on."""
    node_image: str | None = None
    """What a cluster of our own is made of."""
    load_in_cluster: int | None = None
    """How many workers in the platform's own cluster make the load."""
    context: str | None = None
    """A cluster that is there already: a context of the user's kubeconfig."""


class Maker(Protocol):
    """Makes, finds and ends the platforms of one kind. Its class takes Options; every method may raise GamedayError."""

    name: str
    at_once: int | None
    """How many drills it can hold side by side; None: as many as the machine."""
    takes: frozenset[str]
    """The fields of Options that mean something to it."""

    def check(self) -> None:
        """Raises MachineError that names everything this machine lacks for it; does nothing."""
        ...

    def opened(self, folder: Path, say: Say) -> AbstractContextManager[None]:
        """What all platforms of one run share (an image, a cluster), there before the first and gone after the last."""
        ...

    def make(self, folder: Path, side: str, overrides: Overrides) -> Platform:
        """The platform of one side of a drill, within `opened`; it is not up yet."""
        ...

    def stand(self, folder: Path, say: Say) -> Platform:
        """A platform that is up and outlives this process: the one that runs in `folder`, or a new one."""
        ...

    def end(self, folder: Path) -> None:
        """Take down what `stand` left in `folder`; may be called twice."""
        ...

    def recover(self, folder: Path) -> Sequence[str]:
        """End what any of its platforms left in `folder`, by what is recorded there; says what. May be called twice."""
        ...

"""Contracts of the platform family: `Platform`, where the services run, and `Provider`, which creates platforms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from harness.bindings import ComposeProject, OwnService
from harness.http import Answer
from harness.machine.platform_state import AdminPort, CommandResult, ObservedPlatform, ScrapeTarget, Shell
from harness.manifests import Manifests


class Need(Enum):
    """What a fault needs of a platform that not every platform has."""

    FRONT = "a proxy in front of each Service"
    PROCESSES = "pods whose processes can be stopped from outside"
    MEMORY_GUARD = "pods whose memory can be measured and whose processes can be killed from outside"
    MEMORY_LIMITS = "containers whose memory the kernel limits"
    VOLUME = "a volume of the pods that has a size of its own"
    DNS = "names that the pods ask a DNS server for"
    NETWORK_POLICIES = "a network that enforces NetworkPolicies"


class Platform(ObservedPlatform, Protocol):
    """One isolated set of the services. Every method except `down` may raise PlatformError."""

    name: str

    def up(self) -> None:
        """Start everything; returns when every Deployment is ready."""
        ...

    def down(self) -> None:
        """End everything that was started, and wait for its end. Idempotent, never raises."""
        ...

    def shell(self) -> Shell:
        """The environment of an operator's shell on this platform."""
        ...

    def kubectl(self, *argv: str, timeout_s: float = 30.0) -> CommandResult:
        """Run the kubectl of the operator's shell."""
        ...

    def deployed(self) -> Mapping[str, Mapping[str, str]]:
        """Plain environment variables of each Deployment as shipped, without a drill's overrides, by Deployment."""
        ...

    def url(self, service: str) -> str:
        """`http://HOST:PORT` at which the load reaches a Service."""
        ...

    def health(self, deployment: str) -> Mapping[str, Answer]:
        """The answer of each pod to its health check, by pod name: a GET of /health, or as its service declares."""
        ...

    def scrape(self, deployment: str) -> Mapping[str, Answer]:
        """The answer of `GET /metrics` of each pod that runs, by pod name; status 0 if it did not answer.

        Empty for a service without metrics.
        """
        ...

    def scrape_targets(self) -> Sequence[ScrapeTarget]:
        """Where a Prometheus on this machine reads the metrics of each pod that runs."""
        ...

    def log_files(self, deployment: str) -> Sequence[Path]:
        """Log files of all pods that the Deployment has had so far, each in a folder with the name of its pod."""
        ...

    def admin(self, deployment: str) -> Sequence[AdminPort]:
        """Admin ports of the running pods."""
        ...

    def fronts(self, service: str) -> Sequence[AdminPort]:
        """Admin ports of the proxies in front of a Service; none where connections reach the pods without one."""
        ...


Overrides = Mapping[str, Mapping[str, str]]
"""Environment variables by Deployment, which replace the shipped values."""
Announce = Callable[[str], None]
"""Shows one line of progress to the user."""


@dataclass(frozen=True)
class PlatformOptions:
    """Options of the command line and of the bindings that concern platforms; None: not given."""

    base_image: str | None = None
    """Base image of the services' image."""
    node_image: str | None = None
    """Image of the nodes of a cluster that is created for the run."""
    load_in_cluster: int | None = None
    """Number of load workers to run inside the platform's cluster."""
    context: str | None = None
    """Context of the user's kubeconfig that names an existing cluster."""
    services: Mapping[str, OwnService] | None = None
    """The services of the bindings, by name; None: those of `compose` or `manifests`, or the shipped ones."""
    compose: ComposeProject | None = None
    """The compose project of the bindings."""
    manifests: Manifests | None = None
    """The manifests of the bindings; None: the shipped ones."""
    one_namespace: bool | None = None
    """Whether the control of the manifests runs first, in the namespace of the treatment; None: it has its own."""
    namespace: str | None = None
    """The namespace of the treatment in an existing cluster, where only that is known; None: `production`."""


class Provider(Protocol):
    """Creates, finds and ends the platforms of one kind. The class is called with PlatformOptions.

    Every method may raise GamedayError.
    """

    name: str
    max_parallel_drills: int | None
    """None: limited by the machine only."""
    options: frozenset[str]
    """Names of the fields of PlatformOptions that have an effect on this kind."""

    def check(self) -> None:
        """Raises MachineError that names everything this machine lacks; has no effect otherwise."""
        ...

    def refusal(self, need: Need) -> str:
        """Why the platforms of this kind do not have what a fault needs, as "it …"; "" if they have it."""
        ...

    def session(self, folder: Path, announce: Announce) -> AbstractContextManager[None]:
        """A context that holds what all platforms of one run share (images, a cluster): created on entry, removed on
        exit."""
        ...

    def create(self, folder: Path, side: str, overrides: Overrides) -> Platform:
        """The platform of one side of a drill, not yet up. Only valid within `session`."""
        ...

    def containers(self, folder: Path) -> Collection[str]:
        """Ids of the containers that run the services of the platforms in `folder`, as far as this machine has them.

        Their processes count when the waiting for a processor is measured. Never raises.
        """
        ...

    def start_detached(self, folder: Path, announce: Announce) -> Platform:
        """A platform that is up and outlives this process: the one that runs in `folder`, else a new one."""
        ...

    def destroy(self, folder: Path) -> None:
        """End the platform that `start_detached` left in `folder`. Idempotent."""
        ...

    def recover(self, folder: Path) -> Sequence[str]:
        """End everything that platforms recorded in `folder` and left behind; returns a description of each.
        Idempotent."""
        ...

"""The services of a compose project as containers of pods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.bindings import ComposeService
from harness.cluster.runtimes.container.options import ContainerOptions


@dataclass(frozen=True)
class HealthCheck:
    """A command in the container; its exit status 0 is healthy."""

    command: tuple[str, ...]
    interval_s: float = 30.0
    timeout_s: float = 30.0
    retries: int = 3


@dataclass(frozen=True)
class Container:
    """What runs in each pod of a service. `None`: as the image says."""

    service: ComposeService
    image: str
    built: bool
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    working_dir: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[int, ...] = ()
    """The TCP ports that the compose file names, or the one that gameday.yaml chooses."""
    health: HealthCheck | None = None
    no_health: bool = False
    """Whether the file switches off the health check of the image."""
    replicas: int = 1
    limits: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, str] = field(default_factory=dict)
    """Kubernetes quantities of `cpu` and `memory`."""
    grace_s: float = 10.0
    restart: str = "no"
    options: ContainerOptions = field(default_factory=ContainerOptions)


def argv_of(test: Sequence[str]) -> tuple[str, ...]:
    """The command of a health check, of which the first word is the form; empty for none."""
    form, *words = test or ("NONE",)
    if form == "CMD-SHELL":
        return ("/bin/sh", "-c", " ".join(words))
    return tuple(words) if form == "CMD" else ()

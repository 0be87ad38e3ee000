"""The services of the bindings that do not start, and why, for errors with the place of each in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from harness.bindings import ComposeService, OwnService
from harness.cluster.logs import last_lines
from harness.errors import StartError
from harness.platforms.control_client import DeploymentAnswer, PodAnswer

Service = TypeVar("Service", OwnService, ComposeService)


def start_error(each: OwnService | ComposeService, why: str) -> StartError:
    """The error of a service that did not start."""
    return StartError(f"{each.place}: services.{each.name} did not start: {why}")


def late(
    services: Mapping[str, Service],
    deployments: Sequence[DeploymentAnswer],
    why: Callable[[Service, DeploymentAnswer, PodAnswer], str],
) -> Iterator[tuple[Service, str]]:
    """Each service with a pod that is not ready, or without any, and why; `why`: the reason of a pod."""
    found = {each["name"]: each for each in deployments}
    for name, each in services.items():
        if name not in found:
            yield each, f"it needs {', '.join(each.needs)}, of which not all have a ready pod"
        elif pod := next((pod for pod in found[name]["pods"] if not pod["ready"]), None):
            yield each, why(each, found[name], pod)


def log_end(files: Sequence[Path]) -> str:
    """`; ` and the last lines of the newest log; "" without one."""
    return f"; {last_lines(files[-1])}" if files else ""

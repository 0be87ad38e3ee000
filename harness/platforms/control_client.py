"""Client of a daemon's control socket, and the types of its answers."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from harness.errors import PlatformError

TIMEOUT_S = 5.0


class PortAnswer(TypedDict):
    port: int


class PodAnswer(TypedDict):
    """A pod; `admin` is the URL of its admin port, `waiting` the reason why its container does not run, or "".

    `unhealthy`: why its readiness probe failed the last time, "" if it did not.
    """

    name: str
    ip: str
    ready: bool
    admin: str
    token: str
    waiting: str
    unhealthy: str


class DeploymentAnswer(TypedDict):
    """A Deployment; `port`, `health` and `metrics` as in `manifest.asked_at`."""

    name: str
    replicas: int
    generation: int
    env: dict[str, str]
    protections: dict[str, str]
    port: int
    health: str
    metrics: str
    pods: list[PodAnswer]


class FrontAnswer(TypedDict):
    """The proxy in front of a Service: the URL of its admin port, and the token."""

    admin: str
    token: str


class StateAnswer(TypedDict):
    """The answer to `{"op": "state"}`; `addresses`, `cluster_ips` and `fronts` by Service name."""

    deployments: list[DeploymentAnswer]
    services: dict[str, list[PortAnswer]]
    addresses: dict[str, str]
    cluster_ips: dict[str, str]
    fronts: dict[str, FrontAnswer]
    settled: bool


def request(path: Path, message: Mapping[str, str]) -> bytes:
    """Send a request to the socket at `path`; returns the answer, one line. Raises PlatformError without one."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(str(path))
            connection.sendall(json.dumps(message).encode() + b"\n")
            with connection.makefile("rb") as answer:
                return answer.readline()
    except OSError as error:
        raise PlatformError(f"the platform at {path} does not answer ({error}); start one with `gameday up`") from error

"""What a daemon answers on its control socket, and how it is asked."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from harness.errors import PlatformError

ANSWER_S = 5.0


class PortShown(TypedDict):
    port: int


class PodShown(TypedDict):
    name: str
    ip: str
    ready: bool
    admin: str
    token: str
    waiting: str


class DeploymentShown(TypedDict):
    name: str
    replicas: int
    generation: int
    env: dict[str, str]
    pods: list[PodShown]


class StateShown(TypedDict):
    deployments: list[DeploymentShown]
    services: dict[str, list[PortShown]]
    addresses: dict[str, str]
    settled: bool


def ask(path: Path, request: Mapping[str, str]) -> bytes:
    """The line that a request is answered with; raises PlatformError when nobody answers at `path`."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_S)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            with connection.makefile("rb") as answer:
                return answer.readline()
    except OSError as error:
        raise PlatformError(f"the platform at {path} does not answer ({error}): is it down?") from error

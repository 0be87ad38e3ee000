"""What the containers of a compose project have beyond the fields of a pod: a file beside the manifests.

It is no part of the Deployments, so that no `kubectl patch` can change what a container may do on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

FILE = "containers.json"


@dataclass(frozen=True)
class Mount:
    """A named volume of the platform, an anonymous one (without `source`), or a path of this machine."""

    target: str
    source: str = ""
    bind: bool = False
    """Whether `source` is a path of this machine, which is mounted read-only."""
    read_only: bool = False


@dataclass(frozen=True)
class ContainerOptions:
    """The options of the containers of one Deployment."""

    port: int | None = None
    """The port that they listen on; None: they have no Service, and their names lead to the pods themselves."""
    aliases: tuple[str, ...] = ()
    """Further names of the service in the platform's network."""
    hostname: str | None = None
    user: str | None = None
    init: bool | None = None
    read_only: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    stop_signal: str | None = None
    tmpfs: Mapping[str, str] = field(default_factory=dict)
    """Options of `mount` by path."""
    mounts: tuple[Mount, ...] = ()


def write(options: Mapping[str, ContainerOptions], folder: Path) -> None:
    """Write the options of each Deployment."""
    text = json.dumps({name: asdict(each) for name, each in options.items()}, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read(folder: Path | None) -> Mapping[str, ContainerOptions]:
    """The options by Deployment; empty where none were written."""
    file = folder / FILE if folder else None
    if file is None or not file.exists():
        return {}
    found = json.loads(file.read_text(encoding="utf-8"))
    return {name: _options(each) for name, each in found.items()}


def _options(each: dict[str, object]) -> ContainerOptions:
    lists = {key: tuple(value) for key, value in each.items() if isinstance(value, list) and key != "mounts"}
    mounts = each["mounts"]
    assert isinstance(mounts, list), "written by `write`"
    return ContainerOptions(**{**each, **lists, "mounts": tuple(Mount(**one) for one in mounts)})  # type: ignore[arg-type]

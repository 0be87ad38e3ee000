"""Reads nested JSON with types, and makes the names, hashes and times of Kubernetes API objects."""

from __future__ import annotations

import copy
import datetime
import json
import math
import secrets
import uuid
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""Any JSON value."""
Obj: TypeAlias = "dict[str, Json]"
"""A JSON object, for example a Kubernetes API object."""

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")

ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' alphabet for generated names: without vowels, so that no word appears by accident."""


def section(value: Json, *path: str) -> Obj:
    """The object at `path`; an empty one when a key on the path is absent or not an object."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def items(value: Json, *path: str) -> list[Obj]:
    """The objects in the list at `path`; empty when it is absent."""
    found = section(value, *path[:-1]).get(path[-1])
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: Json, *path: str, default: str = "") -> str:
    """The string at `path`; `default` when it is absent or not a string."""
    found = section(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else default


def number(value: Json, *path: str, default: float = 0) -> float:
    """The number at `path`; `default` when it is absent or not a number."""
    found = section(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, int | float) and not isinstance(found, bool) else default


def strings(value: Json) -> dict[str, str]:
    """The string values of an object (labels, selectors); other values are left out."""
    return {key: item for key, item in section(value).items() if isinstance(item, str)}


def labels(value: dict[str, str]) -> Obj:
    """A dict of strings as a JSON object."""
    return dict(value)


def clone(value: Obj) -> Obj:
    """A deep copy."""
    return copy.deepcopy(value)


def timestamp(epoch_s: float) -> str:
    """Epoch seconds in Kubernetes' format: UTC, whole seconds, `2025-11-23T22:00:00Z`."""
    return datetime.datetime.fromtimestamp(int(epoch_s), datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_uid() -> str:
    """A random UUID, as `metadata.uid`."""
    return str(uuid.uuid4())


def suffix(length: int = 5) -> str:
    """Random characters that make a pod's name unique."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def template_hash(template: Obj) -> str:
    """FNV-1a hash of a pod template in Kubernetes' alphabet, the last part of a ReplicaSet's name."""
    value = 2166136261
    for byte in json.dumps(template, sort_keys=True).encode():
        value = (value ^ byte) * 16777619 % (1 << 32)
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(value))


def share(value: Json, whole: int, *, up: bool) -> int:
    """The value of `maxSurge` or `maxUnavailable` in pods: a number, or a percentage of `whole`, rounded up or down."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isdigit():
        part = int(value[:-1]) * whole / 100
        return math.ceil(part) if up else math.floor(part)
    return value if isinstance(value, int) else 0


def protections(template: Obj) -> dict[str, str]:
    """Probes and limits of a pod template's first container as text, by name: `livenessProbe`, `limits.memory`."""
    container = next(iter(items(template, "spec", "containers")), {})
    probes = {name: container[name] for name in PROBES if container.get(name)}
    limits = {f"limits.{name}": value for name, value in section(container, "resources", "limits").items()}
    return {
        **{name: json.dumps(probe, sort_keys=True, separators=(",", ":")) for name, probe in probes.items()},
        **{name: str(value) for name, value in limits.items()},
    }


def environment(template: Obj) -> dict[str, str]:
    """Plain environment variables of a pod template's first container; those with a `valueFrom` are left out."""
    container = next(iter(items(template, "spec", "containers")), {})
    return {text(each, "name"): text(each, "value") for each in items(container, "env") if "valueFrom" not in each}

"""Kubernetes objects as text for `kubectl apply`."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from harness.machine.objects import Json, Obj
from harness.report.format import as_json


def to_yaml(objects: Sequence[Obj]) -> str:
    """One YAML document for each object."""
    return "".join(f"---\n{yaml.safe_dump(each, sort_keys=False, width=120)}" for each in objects)


def to_json(objects: Sequence[Obj]) -> str:
    """A List of the objects."""
    return as_json({"apiVersion": "v1", "kind": "List", "items": list[Json](objects)})

"""The local platform's kubectl compared with recordings of the original: same objects, line, text and exit status."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import pytest
import yaml

from harness.cluster.api import Usage
from harness.cluster.kubectl.human_units import quantity
from tests.support.recorded_cluster import DATA, Output, World, at_once, kubectl, recording

PROGRAMS = {
    ("cat", "/app/validation_rules.json"): (b'{"max_length": 4096}\n', b"", 0),
    ("true",): (b"", b"", 0),
    ("sh",): (b"", b"", 0),
    ("cat",): (b"", b"", 0),
    ("sh", "-c", "exit 7"): (b"", b"", 7),
    ("sh", "-c", "kill -9 $$"): (b"", b"", 137),
    ("sh", "-c", "echo out; echo err >&2; exit 3"): (b"out\n", b"err\n", 3),
    ("cat", "/nope"): (b"", b"cat: /nope: No such file or directory\n", 1),
    ("printenv", "VALIDATION_STRICT_MODE"): (b"", b"", 1),
}

DIFFERENT: dict[str, list[str]] = yaml.safe_load((DATA / "different.yaml").read_text(encoding="utf-8"))
MOVED: dict[str, list[str]] = yaml.safe_load((DATA / "moved.yaml").read_text(encoding="utf-8"))


def cases(name: str) -> list[Any]:
    skipped = {line for lines in DIFFERENT.values() for line in lines} | set(MOVED.get(name, ()))
    return [
        pytest.param(name, at, id=call["line"]) for at, call in enumerate(CALLS[name]) if call["line"] not in skipped
    ]


RECORDED = {name: recording(name) for name in ("healthy", "more", "broken", "changes")}
CALLS = {name: recorded["calls"] for name, recorded in RECORDED.items()}


def world_of(name: str, call: dict[str, Any]) -> World:
    recorded = RECORDED[name]
    if "world" not in recorded:
        names = [{"metadata": {"name": name}} for name in ("default", "production")]
        return World({**call["before"], "namespaces": names})
    world = World(recorded["world"], recorded["logs"])
    measured = call.get("metrics", recorded["usage"])
    for pod in measured["pods"]:
        meta = pod["metadata"]
        world.pod_usage.setdefault(meta["namespace"], {})[meta["name"]] = summed(pod["containers"])
    world.nodes_usage = {node["metadata"]["name"]: summed([node]) for node in measured["nodes"]}
    world.programs = PROGRAMS
    return world


def summed(parts: list[dict[str, Any]]) -> Usage:
    cpu, memory = (sum((quantity(part["usage"][kind]) for part in parts), Decimal(0)) for kind in ("cpu", "memory"))
    return Usage(math.ceil(cpu * 1000), int(memory))


def ours_of(world: World, call: dict[str, Any], now_s: float) -> Output:
    return at_once(kubectl(world, call["line"], now_s=now_s))


def triple(result: Output) -> tuple[str, str, int | None]:
    return plain(result.stdout), plain(result.stderr), result.status


def plain(text: str) -> str:
    """The text without the random id of an execution."""
    return re.sub(r'exec "[0-9a-f]{64}"', 'exec "ID"', text)


@pytest.mark.parametrize(("name", "at"), [*cases("healthy"), *cases("more"), *cases("broken"), *cases("changes")])
def test_output_and_status_equal_those_of_the_recorded_kubectl(name: str, at: int) -> None:
    """Ages depend on the time of the recorded call, which is between its start and its end."""
    call = CALLS[name][at]
    real = plain(call["stdout"]), plain(call["stderr"]), call["status"]
    world = world_of(name, call)
    ours = triple(ours_of(world, call, call["started"]))
    if ours != real:
        ours = triple(ours_of(world_of(name, call), call, call["ended"]))
    assert ours == real
    if "after" in call:
        assert after(world) == settled(call["after"]["deployments"])


def after(world: World) -> list[dict[str, Any]]:
    return settled(world.objects["deployments"])


def settled(objects: list[Any]) -> list[dict[str, Any]]:
    """What a command determines: spec, labels, annotations; without restart times and controllers' annotations."""
    kept = [
        {
            "name": each["metadata"]["name"],
            "labels": each["metadata"].get("labels") or {},
            "annotations": {
                key: value
                for key, value in (each["metadata"].get("annotations") or {}).items()
                if not key.startswith("deployment.kubernetes.io/")
            },
            "spec": each["spec"],
        }
        for each in objects
    ]
    blurred = re.sub(r'restartedAt": "[^"]+"', 'restartedAt": ""', json.dumps(kept, sort_keys=True))
    result: list[dict[str, Any]] = json.loads(blurred)
    return result


@pytest.mark.parametrize("line", [line for lines in DIFFERENT.values() for line in lines])
def test_known_differences_still_exist(line: str) -> None:
    """A line that no longer differs must be removed from the list; a misspelt line is an error."""
    name, call = next((name, call) for name, calls in CALLS.items() for call in calls if call["line"] == line)
    ours = triple(ours_of(world_of(name, call), call, call["ended"]))
    assert ours != (plain(call["stdout"]), plain(call["stderr"]), call["status"])

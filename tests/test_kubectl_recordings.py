"""The local platform's kubectl beside a real one: the same objects and the same line give the same text and exit status."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

import pytest
from kubectl_world import Said, World, at_once, kubectl, recording

from harness.platforms.local.api import Usage
from harness.platforms.local.kubectl.humanise import quantity

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

DIFFERENT = {
    "names the cluster, or the versions of its programs": [
        "version", "version --client", "version -o json", "version -o yaml", "cluster-info", "config current-context",
        "config view", "config get-contexts", "api-resources", "api-resources --namespaced=false -o name",
    ],
    "help texts are our own": ["top", "rollout", "set", "config"],
    "not supported here, and said so": [
        "auth can-i get pods", "auth can-i delete pods -n production", "auth", "auth nonsense", "events -n production",
        "events -n nowhere", "events -n production --types=Warning", "api-versions", "options", "get --raw /healthz",
        "get pods -n production --watch-only=false --output-watch-events=false", "top pods -n production --sum",
        "top pods -n production --field-selector=status.phase=Running", "get pods -f x.yaml", "cluster-info dump --nope",
        "set resources deployment/api-gateway --limits=cpu=1 --dry-run=client -n production", "config use-context nope",
        "get pod -n production -o go-template='{{.kind}}'", "set env deployment/api-gateway A=b --local -n production",
        "delete deployment realtime -n production",
    ],
    "kinds that the platform does not hold": ["get pvc -n production", "get configmaps -n production"],
    "one measurement for a whole pod": ["top pods -n production --containers", "top pods -n production --no-headers --containers"],
    "the order of equal keys is chance in the real one": [
        "get ev -n production --sort-by=.lastTimestamp", "get events -n production --sort-by=.metadata.creationTimestamp",
        "get deploy api-gateway -n production -o 'jsonpath={..name}'",
    ],
    "the real one shows EndpointSlices in the order of chance": [
        "describe svc api-gateway -n production", "describe svc -n production", "describe ingress -n production",
    ],
    "there are no leases here, and the node's heartbeat went on": ["describe node", "describe node gameday-ref-control-plane"],
    "the real one prints Go's view of the object with its managedFields": [
        "get deploy api-gateway -n production -o 'jsonpath={.spec.template.spec.containers[5].name}'",
        "get pod -n production -o jsonpath='{items[0].metadata.name}'",
    ],
    "another character is blamed": ["get pod -n production -o jsonpath='{.items[?(@.metadata.name=~\"x\")].metadata.name}'"],
    "a pod has one container here, and one log": ["logs deployment/realtime -n production --all-containers --tail=1"],
    "times in front of lines come from the lines themselves": ["logs deployment/tool-service -n production --tail=1 --timestamps"],
    "the real one's client is late by its own rate limit": ["wait --for=delete pod -l app=realtime -n production --timeout=1s"],
    "the real one takes an unknown first flag for a plugin's": ["--nonsense get pods"],
    "the API server's own checks, which tests of the platform hold": [
        "patch deployment api-gateway -n production -p '{\"spec\":{\"replicas\":\"x\"}}'",
        "patch deployment api-gateway -n production -p '{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"other\"}}}}'",
        "patch deployment api-gateway -n production -p"
        " '{\"spec\":{\"template\":{\"spec\":{\"containers\":[{\"name\":\"new\"}]}}}}'",
    ],
}  # fmt: skip
MOVED = {
    "broken": [
        "get events -n broken", "get events -n broken --field-selector type=Warning", "describe pod -l app=crashing -n broken",
        "describe pod -l app=unpulled -n broken", "describe pod crash -n broken", "get pods -A -l app=crashing",
    ],
    "changes": [
        "get pods -n production", "get all -n production", "rollout status deployment/api-gateway -n production",
        "rollout status deployment/tool-service -n production", "rollout undo deployment/api-gateway -n production",
        "rollout undo deployment/api-gateway --to-revision=1 -n production", "rollout undo deployment/realtime -n production",
        "rollout undo deploy api-gateway --to-revision=3 -n production", "logs deployment/realtime -n production",
        "exec deployment/realtime -n production -- true", "wait --for=condition=available deployment/realtime -n production",
        "top pods -n production -l app=realtime", "delete pod -n production -l app=realtime",
        "delete pod -n production -l app=realtime --grace-period=0 --force", "delete pod --all -n production --dry-run=client",
        "delete pods -n production -l app=tool-service --wait=false", "delete pods -n production -l app=tool-service --now",
        "set env deployment/realtime --containers=a* T=1 -n production",  # the real one takes a* for "an a somewhere"
    ],
}  # fmt: skip
"""Lines whose objects changed while they were recorded, or were not recorded: test_kubectl.py holds them in other ways."""


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


def said_by_ours(world: World, call: dict[str, Any], now_s: float) -> Said:
    return at_once(kubectl(world, call["line"], now_s=now_s))


def triple(said: Said) -> tuple[str, str, int | None]:
    return plain(said.stdout), plain(said.stderr), said.status


def plain(text: str) -> str:
    """Without the chance in the name of an execution."""
    return re.sub(r'exec "[0-9a-f]{64}"', 'exec "ID"', text)


@pytest.mark.parametrize(("name", "at"), [*cases("healthy"), *cases("more"), *cases("broken"), *cases("changes")])
def test_same_text_and_status_as_the_real_one(name: str, at: int) -> None:
    """Ages are those of the moment of the recording, which lies between the call's start and its end."""
    call = CALLS[name][at]
    real = plain(call["stdout"]), plain(call["stderr"]), call["status"]
    world = world_of(name, call)
    ours = triple(said_by_ours(world, call, call["started"]))
    if ours != real:
        ours = triple(said_by_ours(world_of(name, call), call, call["ended"]))
    assert ours == real
    if "after" in call:
        assert after(world) == settled(call["after"]["deployments"])


def after(world: World) -> list[dict[str, Any]]:
    return settled(world.objects["deployments"])


def settled(objects: list[Any]) -> list[dict[str, Any]]:
    """What a command decides: spec, labels and annotations, without the moment of a restart and the controllers' notes."""
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
def test_known_differences_are_still_there(line: str) -> None:
    """The list above is no cupboard: what has become equal leaves it, and no line is misspelt."""
    name, call = next((name, call) for name, calls in CALLS.items() for call in calls if call["line"] == line)
    ours = triple(said_by_ours(world_of(name, call), call, call["ended"]))
    assert ours != (plain(call["stdout"]), plain(call["stderr"]), call["status"])

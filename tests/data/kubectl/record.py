"""Record what a real kubectl prints against a real cluster; README.md beside this file says how."""

import gzip
import json
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KINDS = [
    "pods",
    "deployments",
    "replicasets",
    "services",
    "endpoints",
    "nodes",
    "persistentvolumes",
    "ingresses",
    "networkpolicies",
    "events",
    "namespaces",
]
NAMES = ("api-gateway", "realtime", "tool-service")


def kubectl(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["kubectl", *argv], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)


def call(line: str) -> dict[str, Any]:
    start, done = time.time(), kubectl(*shlex.split(line))
    said = {"status": done.returncode, "stdout": done.stdout, "stderr": done.stderr}
    return {"line": line, "started": start, "ended": time.time(), **said}


def items(kind: str, *where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, *where, "-o", "json").stdout)["items"]
    for each in found:
        each.get("status", {}).pop("images", None)
    return found


def world() -> dict[str, Any]:
    return {kind: items(kind, "-A") for kind in KINDS}


def metrics() -> dict[str, Any]:
    def raw(kind: str) -> Any:
        return json.loads(kubectl("get", "--raw", f"/apis/metrics.k8s.io/v1beta1/{kind}").stdout)["items"]

    return {"pods": raw("pods"), "nodes": raw("nodes")}


def logs(namespace: str) -> dict[str, str]:
    names = [
        (each["metadata"]["name"], each["spec"]["containers"][0]["name"]) for each in items("pods", "-n", namespace)
    ]
    return {name: kubectl("logs", "-n", namespace, name, "-c", container).stdout for name, container in names}


def looks(lines: list[str], namespace: str) -> dict[str, Any]:
    """Lines that change nothing, against one state of the cluster."""
    shot, usage, calls = world(), metrics(), []
    for line in lines:
        calls.append({"metrics": metrics(), **call(line)} if line.startswith("top") else call(line))
    return {"world": shot, "usage": usage, "logs": logs(namespace), "calls": calls}


def settle() -> None:
    kubectl("rollout", "status", "deploy", "-n", "production", "--timeout=60s")
    while "Terminating" in kubectl("get", "pods", "-n", "production").stdout:
        time.sleep(0.5)


def changes(lines: list[str]) -> dict[str, Any]:
    """Lines one after the other, each with the objects that it needs; `! ` marks a look, `settle` waits."""
    calls = []
    for line in lines:
        if line == "settle":
            settle()
            continue
        words = line.removeprefix("! ").split()
        before = {kind: items(kind, "-n", "production") for kind in needed(words)}
        one = {**call(line.removeprefix("! ")), "before": narrowed(before, words)}
        if not line.startswith("! "):
            one["after"] = narrowed({"deployments": items("deployments", "-n", "production")}, words)
        calls.append(one)
    return {"calls": calls}


def needed(words: list[str]) -> list[str]:
    """The kinds that a line looks at."""
    if words[0] == "get":
        kinds = {"rs": ["replicasets"], "deploy": ["deployments"]}
        return kinds.get(words[1], [words[1]])
    sets = words[0] == "describe" or words[:2] in (["rollout", "history"], ["rollout", "undo"])
    return [
        "deployments",
        *["replicasets"] * sets,
        *["events"] * (words[0] == "describe"),
        *["pods"] * (words[0] == "delete"),
    ]


def narrowed(found: dict[str, Any], words: list[str]) -> dict[str, Any]:
    """Only what belongs to the Deployments that the line names (all, when it names none)."""
    named = [name for name in NAMES if any(name in word.split("/") for word in words)]
    if not named or words[0] == "get":
        return found
    uids = {each["metadata"]["uid"] for each in found["deployments"] if each["metadata"]["name"] in named}

    def belongs(each: dict[str, Any]) -> bool:
        owners = [owner["uid"] for owner in each["metadata"].get("ownerReferences", [])]
        about = each.get("involvedObject", {}).get("uid")
        return bool(uids & {each["metadata"]["uid"], about, *owners}) or each["kind"] == "Pod"

    return {kind: [each for each in objects if belongs(each)] for kind, objects in found.items()}


def main(name: str, namespace: str) -> None:
    lines = [line for line in (HERE / f"lines_{name}.txt").read_text().splitlines() if line]
    recorded = changes(lines) if name == "changes" else looks(lines, namespace)
    packed = gzip.compress(json.dumps(recorded, indent=1, sort_keys=True).encode(), mtime=0)
    (HERE / f"{name}.json.gz").write_bytes(packed)


if __name__ == "__main__":
    main(*sys.argv[1:])

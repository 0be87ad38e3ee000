"""The two sides: the local platform's kubectl, and the real one with a real cluster that has the same objects."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.platforms.local.platform import LocalPlatform
from tests.conformance.lines import Line

Obj = dict[str, Any]
LIMIT_S, FOLLOW_S, SETTLED_S = 60.0, 2.0, 120.0
"""Limits for a line, for a line that never ends, and for the pods to come to rest."""
START_FAILURES = frozenset({"Failed", "FailedCreatePodSandBox"})
"""Reasons of events when the container runtime could not start a container or a pod's sandbox. Both are tried again."""
NAMESPACE = "production"
HERE = ("-n", NAMESPACE)


@dataclass(frozen=True)
class Output:
    """The exit status (None: stopped at its limit) and output of one line."""

    status: int | None
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Side:
    """One kubectl with its environment."""

    name: str
    program: str
    env: Mapping[str, str]
    cwd: Path

    def run(self, *argv: str, limit_s: float = LIMIT_S, endless: bool = False) -> Output:
        """Run kubectl in its own process group, so that all of it can be ended together.

        An endless one is interrupted at its limit, as by Ctrl-C, and has the status with which it then ends. SIGINT
        gets its default action first: it is ignored in everything that a shell without job control starts with `&`.
        """
        with subprocess.Popen(
            ["env", "--default-signal=INT", self.program, *argv],
            env=dict(self.env), cwd=self.cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", start_new_session=True,
        ) as process:  # fmt: skip
            try:
                stdout, stderr = process.communicate(timeout=limit_s)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGINT if endless else signal.SIGTERM)
                stdout, stderr = process.communicate()
                return Output(process.returncode if endless else None, stdout, stderr)
            return Output(process.returncode, stdout, stderr)

    def run_line(self, line: Line) -> Output:
        """Run a line with `{pod:NAME}` and `{node}` replaced."""
        text = re.sub(r"\{pod:([\w-]+)\}", lambda match: self.pods(match[1])[0], line.text)
        text = text.replace("{node}", self.node()) if "{node}" in text else text
        return self.run(*shlex.split(text), limit_s=FOLLOW_S if line.endless else LIMIT_S, endless=line.endless)

    def next_second(self) -> None:
        """Wait for the next second: kubectl refuses two restarts in one second, as their timestamps are equal."""
        time.sleep(1.0 - time.time() % 1.0)

    def must(self, *argv: str) -> str:
        """Run a command that has to succeed, and return its stdout."""
        result = self.run(*argv)
        assert result.status == 0, f"{self.name}: kubectl {' '.join(argv)}: {result.stderr}"
        return result.stdout

    def items(self, *argv: str) -> list[Obj]:
        found: list[Obj] = json.loads(self.must("get", *argv, "-o", "json"))["items"]
        return found

    def pods(self, deployment: str) -> list[str]:
        """The names of its pods that are not terminating."""
        found = self.items("pods", *HERE, "-l", f"app={deployment}")
        return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def node(self) -> str:
        return str(self.items("nodes")[0]["metadata"]["name"])

    def settle(self) -> None:
        """Wait until every Deployment is rolled out and no pod is terminating."""
        deadline = time.monotonic() + SETTLED_S
        while open_ := self.unsettled():
            assert time.monotonic() < deadline, f"{self.name}: still not settled: {open_}"
            time.sleep(0.2)

    def unsettled(self) -> list[str]:
        late = [each["metadata"]["name"] for each in self.items("deployments", *HERE) if not _rolled_out(each)]
        pods = self.items("pods", *HERE)
        return late + [pod["metadata"]["name"] for pod in pods if "deletionTimestamp" in pod["metadata"]]

    def disturbed(self) -> list[str]:
        """Pods that were restarted, and failures to start one."""
        pods = [pod["metadata"]["name"] for pod in self.items("pods", *HERE) if _restarts(pod)]
        events = self.items("events", *HERE)
        return pods + [each["message"] for each in events if each.get("reason") in START_FAILURES]

    def measured(self) -> None:
        """Wait until every pod has metrics."""
        deadline = time.monotonic() + SETTLED_S
        while len(self.run("top", "pods", *HERE, "--no-headers").stdout.splitlines()) != len(self.items("pods", *HERE)):
            assert time.monotonic() < deadline, f"{self.name}: no metrics of some pods"
            time.sleep(0.5)


def _restarts(pod: Obj) -> int:
    return sum(each["restartCount"] for each in pod["status"].get("containerStatuses", []))


def _rolled_out(each: Obj) -> bool:
    spec, status = each["spec"], each["status"]
    if spec.get("paused"):
        return True
    counts = [status.get(f"{state}Replicas", 0) for state in ("updated", "available")] + [status.get("replicas", 0)]
    return status.get("observedGeneration") == each["metadata"]["generation"] and set(counts) == {spec["replicas"]}


def local_side(platform: LocalPlatform) -> Side:
    shell = platform.shell()
    return Side("local", f"{shell.path}/kubectl", {**shell.env, "PATH": shell.path}, shell.cwd)


def real_side(kubectl: str, kubeconfig: Path) -> Side:
    env = {"PATH": os.environ["PATH"], "KUBECONFIG": str(kubeconfig), "HOME": str(kubeconfig.parent)}
    return Side("real", kubectl, env, kubeconfig.parent)


def objects_of(local: Side) -> Obj:
    """The objects of the local platform as a list that a real API server accepts.

    Without what a cluster sets itself (uids, addresses, status), and with names instead of loopback addresses.
    """
    items = [*local.items("deployments,services,ingresses,networkpolicies", *HERE), *local.items("persistentvolumes")]
    addresses = {each["spec"]["clusterIP"]: each["metadata"]["name"] for each in items if each["kind"] == "Service"}
    text = json.dumps([_wanted(each) for each in items])
    for address, name in addresses.items():
        text = text.replace(address, name)
    text = re.sub(r"@127\.[\d.]+:", "@postgres:", text)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    return {"apiVersion": "v1", "kind": "List", "items": [namespace, *json.loads(text), _claim(items[-1])]}


def _wanted(each: Obj) -> Obj:
    kept = {key: value for key, value in each.items() if key != "status"}
    meta = {key: each["metadata"][key] for key in ("name", "namespace", "labels") if key in each["metadata"]}
    spec = {key: value for key, value in each["spec"].items() if key not in ("clusterIP", "clusterIPs")}
    if each["kind"] == "PersistentVolume":
        spec["hostPath"] = {"path": "/tmp/conformance"}
    return {**kept, "metadata": meta, "spec": spec}


def _claim(volume: Obj) -> Obj:
    """The claim to which the volume is bound; the local platform has no claims."""
    spec, claim = volume["spec"], volume["spec"]["claimRef"]
    wanted = {"accessModes": spec["accessModes"], "storageClassName": spec["storageClassName"]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": claim["name"], "namespace": claim["namespace"]},
        "spec": {**wanted, "volumeName": volume["metadata"]["name"], "resources": {"requests": spec["capacity"]}},
    }


LIGHT = {"resources": {"requests": {"cpu": "10m"}}, "readinessProbe": {"periodSeconds": 1}}
"""Small enough for all replicas on a small node, and without fractions of seconds, which an API server refuses."""
REPLICAS = {"api-gateway": 2, "realtime": 3}


def roll_out(side: Side) -> None:
    """Reduce the requests of every Deployment, which also creates a rollout history, then change some replicas."""
    for name in [each["metadata"]["name"] for each in side.items("deployments", *HERE)]:
        patch = {"spec": {"template": {"spec": {"containers": [{"name": "app", **LIGHT}]}}}}
        side.must("patch", "deployment", name, *HERE, "-p", json.dumps(patch))
    side.settle()
    for name, replicas in REPLICAS.items():
        side.must("scale", "deployment", name, f"--replicas={replicas}", *HERE)
    side.settle()

"""What `deploy/` describes is what the local platform runs, and leads where kind-config.yaml says."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.cluster import manifest

DEPLOY = Path(__file__).parents[4] / "deploy"
ELSEWHERE = {"POD_NAME", "NAMESPACE", "ADMIN_PORT", "ADMIN_TOKEN"}
"""What a kubelet of the local platform tells a pod by itself (docs/reference/contracts.md)."""
OWN = {
    "startupProbe": "a container's process takes seconds to start, a forked one none",
    "args": "one image for all services",
    "lifecycle": "kube-proxy forgets a pod a moment after it was told to end",
    "securityContext": "processes have none",
}
"""What only the cluster's containers have, and why."""


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def shipped(name: str) -> dict[str, Any]:
    (found,) = [one for one in documents(DEPLOY / "base" / f"{name}.yaml") if one["kind"] == "Deployment"]
    return found


def container(deployment: Mapping[str, Any]) -> dict[str, Any]:
    (found,) = deployment["spec"]["template"]["spec"]["containers"]
    return found


def local(work: manifest.Workload) -> dict[str, Any]:
    calls = {name: f"http://{service}:{manifest.PORT}" for name, service in work.calls.items()}
    return manifest.deployment(work, "image", {**work.env, **calls})


def seconds_in_whole(probe: Mapping[str, Any]) -> dict[str, Any]:
    """Kubernetes has whole seconds only."""
    return {key: math.ceil(value) if isinstance(value, float) else value for key, value in probe.items()}


@pytest.mark.parametrize("work", manifest.WORKLOADS, ids=lambda work: work.name)
def test_a_deployment_is_the_local_platforms(work: manifest.Workload) -> None:
    here, there = local(work), shipped(work.name)
    for key in ("replicas", "selector"):
        assert there["spec"][key] == here["spec"][key]
    assert there["metadata"]["labels"] == here["metadata"]["labels"]
    ours, theirs = container(here), container(there)
    plain = {one["name"]: one["value"] for one in theirs["env"] if "value" in one}
    assert plain == {one["name"]: one["value"] for one in ours.get("env", ())}
    others = {one["name"] for one in theirs["env"] if "value" not in one}
    assert others == ELSEWHERE | ({"DATABASE_URL"} if work.database else set())
    assert set(theirs) - set(ours) - {"env"} == set(OWN)
    for key in ("readinessProbe", "livenessProbe"):
        assert theirs[key] == seconds_in_whole(ours[key]), key
    for key in ("name", "ports", "imagePullPolicy"):
        assert theirs[key] == ours[key], key
    assert theirs["resources"]["requests"] == ours["resources"]["requests"]


def test_a_pod_has_as_long_to_drain_as_on_the_local_platform() -> None:
    for work in manifest.WORKLOADS:
        spec = shipped(work.name)["spec"]["template"]["spec"]
        sleep_s = container(shipped(work.name))["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert spec["terminationGracePeriodSeconds"] - sleep_s == manifest.GRACE_S


def test_every_node_port_is_led_to_loopback_under_its_own_number() -> None:
    (config,) = documents(DEPLOY.parent / "kind-config.yaml")
    led = {each["containerPort"]: each for node in config["nodes"] for each in node["extraPortMappings"]}
    for port, each in led.items():
        assert each == {"listenAddress": "127.0.0.1", "hostPort": port, "containerPort": port}
    services = [one for folder in (DEPLOY, DEPLOY / "control") for one in documents(folder / "ports.yaml")]
    assert sorted(one["spec"]["ports"][0]["nodePort"] for one in services) == sorted(led)
    assert {one["metadata"]["name"] for one in services} == {work.name for work in manifest.WORKLOADS}


def test_nobody_may_do_everything() -> None:
    rules = [
        (role["metadata"]["name"], rule)
        for path in (DEPLOY / "base" / "access.yaml", DEPLOY / "cluster-access.yaml")
        for role in documents(path)
        if role["kind"] in ("Role", "ClusterRole")
        for rule in role["rules"]
    ]
    assert rules
    for name, rule in rules:
        assert "*" not in [*rule["verbs"], *rule["resources"], *rule["apiGroups"]], name
        assert "secrets" not in rule["resources"] or rule["resourceNames"] == ["gameday-admin"], name
        if name == "gameday-operator":
            assert set(rule["verbs"]) <= {"get", "list", "watch"}, "nothing outside the namespace can be changed"

"""The manifests in `deploy/`: node ports, permissions, and what the small cluster leaves out of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.cluster import manifest

DEPLOY = Path(__file__).parents[4] / "deploy"


def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def test_every_node_port_leads_to_loopback_under_the_same_number() -> None:
    (config,) = documents(DEPLOY.parent / "kind-config.yaml")
    mapped = {each["containerPort"]: each for node in config["nodes"] for each in node["extraPortMappings"]}
    for port, each in mapped.items():
        assert each == {"listenAddress": "127.0.0.1", "hostPort": port, "containerPort": port}
    services = [one for folder in (DEPLOY, DEPLOY / "control") for one in documents(folder / "ports.yaml")]
    assert sorted(one["spec"]["ports"][0]["nodePort"] for one in services) == sorted(mapped)
    assert {one["metadata"]["name"] for one in services} == manifest.read().services.keys()


def test_no_role_grants_everything() -> None:
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

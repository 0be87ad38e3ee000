"""What the small cluster deploys: the shipped manifest, and any other that its format allows."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cluster import defaults, manifest
from harness.machine.objects import Obj, items, section, text

HOSTS = {"inference": "127.1.1.10", "tool-service": "127.1.1.11"}
SET_BY_THE_KUBELET = {"POD_NAME", "NAMESPACE", "ADMIN_PORT", "ADMIN_TOKEN"}
"""Variables that a runtime sets itself (docs/reference/contracts.md)."""
NOT_IMPLEMENTED = {
    "startupProbe": "a container takes seconds to start, a forked process does not",
    "args": "one image for all services",
    "lifecycle": "kube-proxy stops using a pod some time after its termination began",
    "securityContext": "processes have none",
}
"""Fields of a container in the manifest that the small cluster does not implement, and why it need not."""


def container(deployment: Obj) -> Obj:
    (found,) = items(manifest.template(deployment), "spec", "containers")
    return found


def completed(name: str, secrets: dict[tuple[str, str], str] | None = None) -> Obj:
    declared = manifest.read().deployments[name]
    return defaults.deployment(declared, "image:1", defaults.environment(declared, HOSTS, secrets or {}))


@pytest.mark.parametrize("name", manifest.read().deployments)
def test_deployment_differs_from_the_manifest_in_named_fields_only(name: str) -> None:
    declared, shown = manifest.read().deployments[name], completed(name, {("postgres", "url"): "postgresql://x"})
    for key in ("replicas", "selector"):
        assert section(shown, "spec")[key] == section(declared, "spec")[key]
    assert section(shown, "metadata")["labels"] == section(declared, "metadata")["labels"]
    ours, theirs = container(shown), container(declared)
    assert theirs.keys() - ours.keys() - {"env"} == NOT_IMPLEMENTED.keys()
    for key in ("name", "ports", "imagePullPolicy", "livenessProbe"):
        assert ours[key] == theirs[key], key
    assert section(ours, "resources")["requests"] == section(theirs, "resources")["requests"]
    assert ours["readinessProbe"] == {**section(theirs, "readinessProbe"), "periodSeconds": 0.5}
    assert {text(each, "name") for each in items(theirs, "env")} - SET_BY_THE_KUBELET == {
        text(each, "name") for each in items(ours, "env")
    }


def test_pod_has_the_grace_period_that_is_left_after_the_pre_stop_sleep() -> None:
    for name in manifest.read().deployments:
        assert section(manifest.template(completed(name)), "spec")["terminationGracePeriodSeconds"] == 5


def test_variables_name_this_platforms_services_and_database() -> None:
    declared = manifest.read().deployments["api-gateway"]
    secrets = {("postgres", "url"): "postgresql://here/db"}
    env = defaults.environment(declared, HOSTS, secrets)
    assert env["INFERENCE_URL"] == "http://127.1.1.10:8080"
    assert env["DATABASE_URL"] == "postgresql://here/db"
    assert env["MAX_RETRIES"] == "3"
    assert "DATABASE_URL" not in defaults.environment(declared, HOSTS, {}), "an unknown Secret sets nothing"
    assert manifest.read().database_name == "postgres"


def test_services_without_a_deployment_are_left_out() -> None:
    """The database is a process or container of the runtime, not a pod."""
    assert manifest.read().services.keys() == manifest.read().deployments.keys()


CUSTOM = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop, labels: {app: shop}}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop, tier: web}}
    spec:
      containers:
        - name: web
          image: shop:1
          env: [{name: CARTS, value: "http://carts:8080/v1"}, {name: MODE, value: fast}]
          readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 4}
---
apiVersion: v1
kind: Service
metadata: {name: shop-web}
spec: {selector: {tier: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere}
spec: {selector: {tier: other}, ports: [{port: 80}]}
"""


def test_other_services_can_be_deployed(tmp_path: Path) -> None:
    (tmp_path / "kustomization.yaml").write_text("resources: [shop.yaml]\n")
    (tmp_path / "shop.yaml").write_text(CUSTOM)
    read = manifest.read(tmp_path)
    assert (list(read.deployments), list(read.services)) == (["shop"], ["shop-web"])
    assert read.environments() == {"shop": {"CARTS": "http://carts:8080/v1", "MODE": "fast"}}
    env = defaults.environment(read.deployments["shop"], {"carts": "127.1.1.12"}, {})
    shown = defaults.deployment(read.deployments["shop"], "image:1", env)
    assert section(shown, "spec")["replicas"] == 2
    (web,) = items(manifest.template(shown), "spec", "containers")
    assert web["env"] == [{"name": "CARTS", "value": "http://127.1.1.12:8080/v1"}, {"name": "MODE", "value": "fast"}]
    assert section(web, "readinessProbe")["periodSeconds"] == 2
    assert "livenessProbe" not in web
    assert section(manifest.template(shown), "spec")["terminationGracePeriodSeconds"] == 30
    (port,) = items(defaults.service(read.services["shop-web"], "127.1.1.10"), "spec", "ports")
    assert port == {"protocol": "TCP", "port": 80, "targetPort": 8080}

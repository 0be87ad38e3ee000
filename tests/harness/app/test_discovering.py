"""`discover`: files that describe services and alerts, and the proposal for gameday.yaml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import app
from harness.errors import DocumentError, PlatformError

COMPOSE = "services:\n  web: {build: ., command: serve --port 8000, ports: [8000], volumes: [a]}\n"
MANIFEST = """\
{apiVersion: apps/v1, kind: Deployment, metadata: {name: api}, spec: {template: {spec: {containers: [{image: a}]}}}}
"""
RULES = "groups: [{rules: [{alert: WebFull, expr: 'depth{job=\"web\"} > 9'}]}]\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a compose file, a folder of manifests, and rules."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "compose.yaml").write_text(COMPOSE, encoding="utf-8")
    (tmp_path / "deploy" / ".git").mkdir(parents=True)
    (tmp_path / "deploy" / "api.yml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "deploy" / ".git" / "x.yaml").write_text("a: [", encoding="utf-8")
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def discover(*names: str, **options: object) -> app.Discovered:
    return app.discover(app.DiscoverRequest(tuple(map(Path, names)), **options))  # type: ignore[arg-type]


def test_files_of_all_kinds_become_one_proposal(place: Path) -> None:
    (place / "gameday.yaml").write_text(
        "version: 1  # mine\nrunbooks:\n  WEB_FULL: {scenario: timeout}\n", encoding="utf-8"
    )
    found = discover("app/compose.yaml", "deploy", "rules.yml")
    assert (
        found.yaml
        == """\
# On docker, `compose: app/compose.yaml` runs the file as it is, in place of `services`.
services:
  # From app/compose.yaml:2:8
  web:
    run: exec serve --port $PORT
    folder: app
    port: 8000

  # From deploy/api.yml:1:1
  api:
    # TODO run: the image a starts its own command; which one starts it here, on $POD_IP and $PORT?
    run:
    # TODO port: deploy/api.yml:1:1 names none; on which one does api listen?
    port: 8080

runbooks:
  WEB_FULL:
    symptoms:
      - {alert: WebFull, is: 'metric(web, depth) > 9'}  # depth{job="web"} > 9
"""
    )
    assert [f"{each.place}: {each.what}" for each in found.unused] == ["app/compose.yaml:2:71: services.web.volumes"]


def test_only_write_changes_the_file_and_an_edit_stays(place: Path) -> None:
    before = "version: 1  # mine\nservices:\n  web:\n    run: mine  # so\n"
    (place / "gameday.yaml").write_text(before, encoding="utf-8")
    discover("app/compose.yaml")
    assert (place / "gameday.yaml").read_text(encoding="utf-8") == before
    discover("app/compose.yaml", write=True)
    assert (place / "gameday.yaml").read_text(encoding="utf-8") == f"{before}    folder: app\n    port: 8000\n"
    assert discover("app/compose.yaml", write=True).edited.diff == ""


def test_services_of_a_compose_file_that_runs_as_it_is_are_not_proposed(place: Path) -> None:
    text = "version: 1\ncompose: app/compose.yaml\nrunbooks:\n  WEB_FULL: {scenario: timeout}\n"
    (place / "gameday.yaml").write_text(text, encoding="utf-8")
    found = discover("app/compose.yaml", "rules.yml")
    assert found.yaml.startswith("runbooks:\n  WEB_FULL:\n    symptoms:\n      - {alert: WebFull, is: 'metric(web,")


def test_a_service_whose_command_is_open_is_asked_for_by_check(place: Path) -> None:
    Path("ops.md").write_text("# A\n\n## Mitigation\n\n`kubectl get pods`\n", encoding="utf-8")
    discover("deploy/api.yml", write=True)
    problems = [each.fact for each in app.check(app.CheckRequest((Path("ops.md"),))).problems]
    assert problems[0].startswith("services.api.run: missing; add it: the image a starts its own command; which one")
    assert not [fact for fact in problems if fact.startswith("TODO left: run")]


def test_manifests_can_come_from_a_pipe(place: Path) -> None:
    found = discover("-", stdin=MANIFEST)
    assert found.yaml.startswith("services:\n  # From stdin:1:1\n  api:\n")


def test_the_first_of_two_services_of_one_name_counts(place: Path) -> None:
    found = discover("deploy/api.yml", "-", stdin="services: {api: {command: x}}")
    assert found.yaml.count("api:") == 1
    assert [each.what for each in found.unused] == ["service api: described at stdin:1:17 already"]


def test_files_that_cannot_be_read_are_all_named(place: Path) -> None:
    (place / "chart.yaml").write_text("a: {{ .Values.a }}\nb: [\n", encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        discover("absent.yml", "chart.yaml", "rules.yml")
    absent, chart = str(refused.value).split("\n")
    assert absent == "absent.yml: cannot be read (No such file or directory)"
    assert chart.startswith("chart.yaml:3:1: not YAML: ")
    assert chart.endswith("; if it is a Helm template, name the output of `helm template`")


def test_a_file_of_a_folder_that_cannot_be_read_is_not_used(place: Path) -> None:
    (place / "deploy" / "broken.yaml").write_text("a: [", encoding="utf-8")
    (unused,) = discover("deploy").unused
    assert (unused.place, unused.what.partition("not YAML")[1]) == ("deploy/broken.yaml", "not YAML")


def test_files_without_anything_to_propose_are_an_error(place: Path) -> None:
    (place / "x.yaml").write_text("a: 1\n", encoding="utf-8")
    with pytest.raises(DocumentError) as refused:
        discover("x.yaml")
    assert str(refused.value).split("\n") == [
        "no service and no alert here; name a compose file, manifests or rules",
        "x.yaml:1:1: not a compose file, a manifest or a file of Prometheus rules",
    ]


def kubectl_that_prints(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> Path:
    """Puts a stand-in for kubectl on PATH; returns the file to which it writes its arguments."""
    kubectl = folder / "bin" / "kubectl"
    kubectl.parent.mkdir()
    (folder / "answer.json").write_text(text, encoding="utf-8")
    kubectl.write_text(f'#!/bin/sh\necho "$@" > {folder}/arguments\ncat {folder}/answer.json\n', encoding="utf-8")
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", str(kubectl.parent), prepend=":")
    return folder / "arguments"


def test_a_namespace_of_a_cluster_is_proposed_without_what_the_server_added(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = {
        "name": "main",
        "image": "shop:1",
        "command": ["serve", "--port", "8000"],
        "ports": [{"containerPort": 8000, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": "conf"}}],
        "readinessProbe": {"httpGet": {"path": "/up", "port": 8000, "scheme": "HTTP"}, "periodSeconds": 10},
        "terminationMessagePolicy": "File",
        "resources": {"limits": {"memory": "1Gi"}},
    }
    labels = {"part": "front"}
    spec = {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "securityContext": {}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "uid": "1", "managedFields": [{"manager": "kubectl"}]},
        "spec": {
            "replicas": 2,
            "progressDeadlineSeconds": 600,
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
        "status": {"replicas": 2},
    }
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "front"},
        "spec": {"clusterIP": "10.0.0.1", "selector": labels, "ports": [{"port": 80, "targetPort": 8000}]},
    }
    scaler = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web"},
        "spec": {"scaleTargetRef": {"name": "web"}},
    }
    conf = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "conf"}, "data": {"MODE": "fast"}}
    certificate = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-root-ca.crt"},
        "data": {"a": "b"},
    }
    answer = {"kind": "List", "items": [deployment, service, scaler, conf, certificate]}
    arguments = kubectl_that_prints(place, monkeypatch, json.dumps(answer))
    found = discover(context="staging", namespace="shop")
    assert arguments.read_text().startswith("--context=staging -n shop get deployments,services,")
    assert (
        found.yaml
        == """\
services:
  # From staging/shop: Deployment web
  web:
    run: exec serve --port $PORT
    port: 8000
    replicas: 2
    env:
      MODE: fast
    health: /up
"""
    )
    assert [each.what for each in found.unused] == [
        "Deployment web.container.resources",
        "HorizontalPodAutoscaler web: the replicas of web do not change by themselves; a runbook scales them",
    ]


def test_manifests_of_the_file_are_not_proposed_as_services_again(place: Path) -> None:
    (place / "gameday.yaml").write_text("version: 1\nmanifests: deploy/api.yml\n", encoding="utf-8")
    found = discover("deploy")
    assert (found.yaml, found.edited.diff) == ("", "")


def test_a_cluster_that_does_not_answer_is_an_error(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kubectl_that_prints(place, monkeypatch, "")
    (place / "bin" / "kubectl").write_text("#!/bin/sh\necho 'context was not found' >&2; exit 1\n", encoding="utf-8")
    with pytest.raises(PlatformError, match="context was not found"):
        discover(context="absent")

"""A compose project as `docker compose config` prints it, and what the small cluster gets of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.bindings import ComposeProject, load
from harness.cluster import defaults, manifest
from harness.cluster.runtimes.container import options
from harness.cluster.runtimes.container.options import ContainerOptions, Mount
from harness.errors import BindingError
from harness.machine.objects import items, section
from harness.platforms.docker.compose import manifests
from harness.platforms.docker.compose.model import Container, HealthCheck
from harness.platforms.docker.compose.reading import duration_s, read
from harness.schema.tree import from_plain
from tests.support.slo import changed

COMPOSE = """\
services:
  cache:
    image: cache:1
    volumes: [data:/var/lib/x, ./conf:/etc/conf:ro]
  web:
    build: .
    ports: ["8000:80"]
    depends_on: [cache]
  worker: {image: web}
"""
RESOLVED = """\
{"name": "p", "services": {
"cache": {"cap_drop": ["ALL"], "cpus": 0.5, "command": null, "entrypoint": null, "hostname": "cache-1",
 "healthcheck": {"test": ["CMD-SHELL", "redis-cli ping | grep PONG"], "interval": "2s", "retries": 5},
 "image": "cache:1", "init": true, "mem_limit": "52428800", "networks": {"default": null}, "read_only": true,
 "stop_signal": "SIGINT", "tmpfs": ["/run:size=1m"], "user": "redis", "volumes": [
  {"type": "volume", "source": "data", "target": "/var/lib/x", "volume": {}},
  {"type": "bind", "source": "FOLDER/conf", "target": "/etc/conf", "read_only": true, "bind": {}},
  {"type": "volume", "target": "/anonymous", "volume": {}},
  {"type": "tmpfs", "target": "/scratch", "tmpfs": {"size": "1048576"}}]},
"web": {"build": {"context": "FOLDER", "dockerfile": "Dockerfile"}, "command": ["echo $HOME"],
 "depends_on": {"cache": {"condition": "service_healthy", "required": true}},
 "deploy": {"replicas": 2, "resources": {"limits": {"cpus": 1.5, "memory": "67108864"}, "reservations": {"cpus": 0.1}},
  "placement": {}}, "entrypoint": ["sh", "-c"],
 "environment": {"CACHE_URL": "redis://cache:6379/0", "PASSED": null, "PRICE": "5$"}, "expose": ["80"],
 "networks": {"default": {"aliases": ["www"]}},
 "ports": [{"mode": "ingress", "target": 80, "published": "8000", "protocol": "tcp"}],
 "restart": "always", "stop_grace_period": "1m30s", "working_dir": "/srv"},
"worker": {"command": null, "entrypoint": null, "healthcheck": {"disable": true}, "image": "web", "scale": 0}}}
"""
"""What Docker Compose 2.26 prints, without what has no effect on containers; its `$$` are `$` already."""


def project(tmp_path: Path) -> ComposeProject:
    (tmp_path / "conf").mkdir(exist_ok=True)
    (tmp_path / "compose.yaml").write_text(COMPOSE)
    (tmp_path / "gameday.yaml").write_text("version: 1\ncompose: compose.yaml\n")
    found = load(tmp_path / "gameday.yaml").compose
    assert found is not None
    return found


def containers(tmp_path: Path, *changes: tuple[str, str]) -> tuple[Container, ...]:
    text = changed(RESOLVED, *changes).replace("FOLDER", str(tmp_path))
    return read(project(tmp_path), from_plain(json.loads(text), "gameday.yaml:2:10"))


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(BindingError) as refused:
        containers(tmp_path, *changes)
    return str(refused.value).replace(f"{tmp_path}/", "").split("\n")


def test_containers_have_what_the_project_says(tmp_path: Path) -> None:
    cache, web, worker = containers(tmp_path)
    services = project(tmp_path).services
    assert cache == Container(
        services["cache"], "cache:1", built=False, requests={}, limits={"cpu": "500m", "memory": "52428800"},
        health=HealthCheck(("/bin/sh", "-c", "redis-cli ping | grep PONG"), 2.0, 30.0, 5),
        options=ContainerOptions(
            hostname="cache-1", user="redis", init=True, read_only=True, cap_drop=("ALL",), stop_signal="SIGINT",
            tmpfs={"/run": "size=1m", "/scratch": "size=1048576"},
            mounts=(Mount("/var/lib/x", "data"), Mount("/etc/conf", f"{tmp_path}/conf", bind=True, read_only=True),
                    Mount("/anonymous")),
        ),
    )  # fmt: skip
    assert web == Container(
        services["web"], "p-web", built=True, entrypoint=("sh", "-c"), command=("echo $HOME",), working_dir="/srv",
        env={"CACHE_URL": "redis://cache:6379/0", "PRICE": "5$"}, ports=(80,), replicas=2, grace_s=90.0,
        restart="always", limits={"cpu": "1500m", "memory": "67108864"}, requests={"cpu": "100m"},
        options=ContainerOptions(aliases=("www",)),
    )  # fmt: skip
    assert (worker.replicas, worker.no_health, worker.health, worker.ports) == (0, True, None, ())


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (('"expose": ["80"]', '"expose": ["81"]'),
         "compose.yaml:7:12: services.web.ports: the ports 80, 81; a Service has one here, of TCP: "
         "choose one in gameday.yaml: compose.services.web.port"),
        (('"expose": ["80"]', '"expose": ["53/udp"]'),
         "compose.yaml:7:12: services.web.ports: the ports 80, 53/udp; a Service has one here, of TCP: "
         "choose one in gameday.yaml: compose.services.web.port"),
        (('"read_only": true, "bind"', '"bind"'),
         "compose.yaml:4:14: services.cache.volumes: /etc/conf: both sides of a drill would write to conf; "
         "mount it read-only (`:ro`), or use a named volume"),
        (("FOLDER/conf", "FOLDER/none"),
         "compose.yaml:4:14: services.cache.volumes: /etc/conf: none does not exist; create it"),
        (('"type": "volume", "target"', '"type": "npipe", "target"'),
         "compose.yaml:4:14: services.cache.volumes: /anonymous: a mount of type npipe is not supported here; "
         "use a named volume"),
        (('"scale": 0', '"scale": 98'),
         "gameday.yaml:2:10: compose: 101 pods in all; a platform has addresses for 100"),
    ],
)  # fmt: skip
def test_a_value_that_cannot_be_had_is_a_problem(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert problems(tmp_path, change) == [problem]


def test_small_cluster_deploys_what_was_written(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"
    manifests.write(containers(tmp_path), folder)
    found = manifest.read(folder)
    assert found.composed == ("cache", "web", "worker")
    assert found.images == ("cache:1", "p-web", "web")
    assert list(found.services) == ["web"], "a service without a port is reached directly"
    assert found.port("web") == 80
    assert found.names_in(manifest.NEEDS, "web") == ("cache",)
    assert [found.restart(name) for name in found.composed] == ["no", "always", "no"]
    deployed = defaults.deployment(found.deployments["web"], "ignored", {"PRICE": "5$"})
    (container,) = items(manifest.template(deployed), "spec", "containers")
    assert (container["image"], container["command"], container["args"]) == ("p-web", ["sh", "-c"], ["echo $HOME"])
    assert container["env"] == [{"name": "PRICE", "value": "5$"}]
    assert section(container, "resources", "limits") == {"cpu": "1500m", "memory": "67108864"}
    assert section(container, "readinessProbe")["tcpSocket"] == {"port": 80}
    assert section(deployed, "spec")["replicas"] == 2
    assert options.read(folder)["web"] == ContainerOptions(port=80, aliases=("www",))


def test_pods_that_write_to_one_volume_never_run_beside_those_they_replace(tmp_path: Path) -> None:
    manifests.write(containers(tmp_path), tmp_path / "manifests")
    found = manifest.read(tmp_path / "manifests")
    kinds = {name: section(each, "spec", "strategy").get("type") for name, each in found.deployments.items()}
    assert kinds == {"cache": "Recreate", "web": None, "worker": None}
    cache = options.read(tmp_path / "manifests")["cache"]
    assert cache.mounts[1] == Mount("/etc/conf", f"{tmp_path}/conf", bind=True, read_only=True)
    assert cache.tmpfs == {"/run": "size=1m", "/scratch": "size=1048576"}


def test_health_check_is_a_command_in_the_container(tmp_path: Path) -> None:
    manifests.write(containers(tmp_path), tmp_path / "manifests")
    cache = manifest.container(manifest.template(manifest.read(tmp_path / "manifests").deployments["cache"]))
    assert section(cache, "readinessProbe") == {
        "exec": {"command": ["/bin/sh", "-c", "redis-cli ping | grep PONG"]},
        "timeoutSeconds": 30.0, "periodSeconds": 2.0, "failureThreshold": 5,
    }  # fmt: skip


@pytest.mark.parametrize(("text", "seconds"), [("1m30s", 90), ("1.5s", 1.5), ("500ms", 0.5), ("1h", 3600), ("", 0)])
def test_durations_are_those_of_go(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds

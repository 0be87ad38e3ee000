"""The manifests of the user's own services: what a cluster would get, and what the small cluster reads from them."""

from __future__ import annotations

from pathlib import Path

import yaml

from harness.bindings import OwnService
from harness.cluster import defaults, manifest, own_manifest
from harness.machine.objects import items, section

CACHE = OwnService("cache", "exec redis-server", Path("/src"), 6379, programs=("redis-server", "redis-cli"))
WEB = OwnService(
    "web", "exec app", Path("/src/app"), replicas=2, env={"URL": "redis://$(CACHE_SERVICE_HOST)", "DB": "http://cache/x"},
    health="/healthz", metrics="/stats", needs=("cache",),
    volume="64Mi",
)  # fmt: skip


def written(tmp_path: Path) -> manifest.Manifest:
    own_manifest.write([CACHE, WEB], tmp_path / "manifests")
    return manifest.read(tmp_path / "manifests")


def test_small_cluster_reads_what_was_written(tmp_path: Path) -> None:
    found = written(tmp_path)
    assert list(found.deployments) == list(found.services) == ["cache", "web"] == list(found.commanded)
    assert [found.port(name) for name in found.services] == [6379, 8080]
    assert found.names_in(manifest.NEEDS, "web") == ("cache",)
    assert found.names_in(manifest.NEEDS, "cache") == ()
    assert found.names_in(manifest.PROGRAMS, "cache") == ("redis-server", "redis-cli")
    assert found.environments()["web"] == dict(WEB.env)
    assert not found.database
    volumes = {name: manifest.volume_bytes(manifest.template(each)) for name, each in found.deployments.items()}
    assert volumes == {"cache": None, "web": 64 * 2**20}
    asked = {name: manifest.asked_at(manifest.template(each)) for name, each in found.deployments.items()}
    assert asked == {
        "cache": {"port": 6379, "health": "", "metrics": ""},
        "web": {"port": 8080, "health": "/healthz", "metrics": "/stats"},
    }


def test_shipped_services_are_asked_at_their_own_paths() -> None:
    shipped = manifest.read()
    assert shipped.commanded == ()
    assert [manifest.asked_at(manifest.template(each)) for each in shipped.deployments.values()] == [
        {"port": 8080, "health": "/health", "metrics": "/metrics"}
    ] * len(shipped.deployments)


def test_deployment_keeps_its_command_and_the_names_in_urls_are_addresses(tmp_path: Path) -> None:
    declared = written(tmp_path).deployments["web"]
    env = defaults.environment(declared, {"cache": "127.1.1.10"}, {})
    assert env == {"URL": "redis://$(CACHE_SERVICE_HOST)", "DB": "http://127.1.1.10/x"}
    (container,) = items(manifest.template(defaults.deployment(declared, "own:1", env)), "spec", "containers")
    assert container["command"] == ["bash", "-c", "exec app"]
    assert container["workingDir"] == "/src/app"
    assert section(container, "livenessProbe")["tcpSocket"] == {"port": 8080}, "an unready pod is not restarted"


def test_files_are_manifests_that_kubectl_takes(tmp_path: Path) -> None:
    written(tmp_path)
    deployment, service = yaml.safe_load_all((tmp_path / "manifests" / "web.yaml").read_text())
    assert (deployment["apiVersion"], deployment["kind"], service["kind"]) == ("apps/v1", "Deployment", "Service")
    assert (
        deployment["spec"]["selector"]["matchLabels"].items()
        <= deployment["spec"]["template"]["metadata"]["labels"].items()
    )
    assert service["spec"]["selector"] == {"app": "web"}
    values = [each["value"] for each in deployment["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert all(isinstance(value, str) for value in values)

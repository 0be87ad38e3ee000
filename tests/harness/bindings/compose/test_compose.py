"""`compose` of a bindings file: the services of the compose file, and every key that cannot have its effect here."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import Bindings, load
from harness.errors import BindingError
from tests.support.slo import changed

COMPOSE = """\
name: shop
services:
  cache:
    image: redis:7
    container_name: the-cache
  web:
    build: {context: ./web}
    depends_on: {cache: {condition: service_healthy}}
    deploy: {replicas: 2, update_config: {order: start-first}}
volumes: {data: {}}
"""
BINDINGS = """\
version: 1
compose:
  file: sub/compose.yaml
  services:
    web: {port: 80, metrics: /metrics, programs: [rails]}
"""


def loaded(tmp_path: Path, *changes: tuple[str, str], bindings: str = BINDINGS) -> Bindings:
    (tmp_path / "sub").mkdir(exist_ok=True)
    (tmp_path / "sub" / "compose.yaml").write_text(changed(COMPOSE, *changes))
    (tmp_path / "gameday.yaml").write_text(bindings)
    return load(tmp_path / "gameday.yaml")


def problems(tmp_path: Path, *changes: tuple[str, str], bindings: str = BINDINGS) -> list[str]:
    with pytest.raises(BindingError) as refused:
        loaded(tmp_path, *changes, bindings=bindings)
    return [line.removeprefix(f"{tmp_path}/") for line in str(refused.value).split("\n")[:-1]]


def test_services_are_those_of_the_compose_file_with_what_the_bindings_add(tmp_path: Path) -> None:
    found = loaded(tmp_path)
    assert found.compose is not None
    assert found.compose.file == tmp_path / "sub" / "compose.yaml"
    cache, web = found.own.values()
    assert (cache.name, cache.source, cache.port, cache.metrics, cache.needs) == (
        "cache", "image redis:7", None, None, (),
    )  # fmt: skip
    assert (web.name, web.source, web.port, web.metrics, web.needs) == (
        "web", "built from ./web", 80, "/metrics", ("cache",),
    )  # fmt: skip
    assert web.place == f"{tmp_path}/sub/compose.yaml:7:5"
    assert found.programs == {"rails"}


def test_a_file_name_alone_is_enough(tmp_path: Path) -> None:
    assert list(loaded(tmp_path, bindings="version: 1\ncompose: sub/compose.yaml\n").own) == ["cache", "web"]


def test_keys_without_effect_are_named_with_their_reason(tmp_path: Path) -> None:
    project = loaded(tmp_path).compose
    assert project is not None
    assert [line.removeprefix(f"{tmp_path}/sub/") for line in project.ignored] == [
        "compose.yaml:5:21: services.cache.container_name has no effect here: its pods have names of their own",
        "compose.yaml:9:42: services.web.deploy.update_config has no effect here: "
        "a rollout replaces pods as a Deployment does",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("    image: redis:7\n", "    image: redis:7\n    network_mode: host\n"),
         "5:19: services.cache.network_mode: is not supported here: the pods are in the platform's own network"),
        (("    image: redis:7\n", "    image: redis:7\n    privileged: true\n"),
         "5:17: services.cache.privileged: is not supported here: a runbook could leave its pod through it"),
        (("    image: redis:7\n", "    image: redis:7\n    sysctls: {a: 1}\n"),
         "5:14: services.cache.sysctls: is not supported here; remove it"),
        (("update_config: {order: start-first}", "placement: {}"),
         "9:38: services.web.deploy.placement: is not supported here; remove it"),
        (("update_config: {order: start-first}", "resources: {reservations: {devices: []}}"),
         "9:63: services.web.deploy.resources.reservations.devices: is not supported here; remove it"),
        (("service_healthy", "service_completed_successfully"),
         "8:37: services.web.depends_on.cache.condition: is not supported here: `service_completed_successfully`: "
         "a Deployment's pods do not complete; do that work in the command of the service that needs it"),
        (("data: {}", "data: {external: true}"),
         "10:28: volumes.data.external: is not supported here: "
         "it would be shared by both sides of a drill, and with what else uses it"),
        (("volumes: {data: {}}", "networks: {other: {external: true}}"),
         "10:30: networks.other.external: is not supported here: "
         "it would be shared by both sides of a drill, and with what else uses it"),
        (("name: shop", "include: [other.yaml]"),
         "1:10: include: is not supported here: name the one file that `docker compose config` prints"),
        (("    build:", "    networks: {default: {ipv4_address: 10.0.0.1}}\n    build:"),
         "7:40: services.web.networks.default.ipv4_address: is not supported here: "
         "each pod gets its address from the platform's own network"),
        (("  cache:\n", "  my_cache:\n"),
         "4:5: services.my_cache: `my_cache` is no name of a Service; use at most 63 of a-z, 0-9 and `-`, beginning "
         "with a letter"),
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_refused_with_its_place(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    assert problems(tmp_path, change) == [f"sub/compose.yaml:{problem}"]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    wrong = ("    image: redis:7\n", "    image: redis:7\n    privileged: true\n    devices: [/dev/x]\n")
    other = BINDINGS.replace("    web:", "    api:")
    assert [line.split(" ")[1] for line in problems(tmp_path, wrong, bindings=other)] == [
        "services.cache.privileged:", "services.cache.devices:", "compose.services.api:",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("compose: [a]\n", "2:10: compose: expected a mapping, got a list"),
        ("compose: nowhere.yaml\n",
         "2:10: compose: `nowhere.yaml` cannot be read (No such file or directory); name a compose file"),
        ("compose: gameday.yaml\n", "2:10: compose: `gameday.yaml` is no compose file: it has no `services`"),
        ("compose: sub/compose.yaml\nservices: {a: {run: b}}\n",
         "2:10: compose: excludes `services`: both say what the platform runs; keep one"),
        ("compose: {file: sub/compose.yaml, services: {web: {port: 0}}}\n",
         "2:58: compose.services.web.port: expected a whole number from 1 to 65535, got `0`"),
    ],
)  # fmt: skip
def test_key_of_the_bindings_is_checked(tmp_path: Path, text: str, problem: str) -> None:
    assert problems(tmp_path, bindings=f"version: 1\n{text}") == [f"gameday.yaml:{problem}"]

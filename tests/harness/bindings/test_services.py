"""`services` of a bindings file: what they become, and that every problem in them is reported with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.bindings import TCP, OwnService, load
from harness.bindings.variables import expanded
from harness.errors import BindingError
from tests.support.slo import changed

TEXT = """\
version: 1
services:
  cache:
    run: exec redis-server --port $PORT
    port: 6379
    programs: [redis-server, redis-cli]
  web:
    run: exec app
    folder: app
    replicas: 2
    env: {CACHE: 'redis://$(CACHE_SERVICE_HOST):$(CACHE_SERVICE_PORT)/0', POOL: 10, HERE: '$(POD_IP) $(POOL) $$(x)'}
    health: /healthz
    metrics: /metrics
    needs: [cache]
    volume: 64Mi
"""


def loaded(tmp_path: Path, *changes: tuple[str, str]) -> dict[str, OwnService]:
    (tmp_path / "app").mkdir(exist_ok=True)
    (tmp_path / "gameday.yaml").write_text(changed(TEXT, *changes))
    return dict(load(tmp_path / "gameday.yaml").services)


def problems(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    with pytest.raises(BindingError) as refused:
        loaded(tmp_path, *changes)
    return [line.removeprefix(f"{tmp_path}/") for line in str(refused.value).split("\n")[:-1]]


def test_services_are_read_with_their_defaults(tmp_path: Path) -> None:
    cache, web = loaded(tmp_path).values()
    assert cache == OwnService(
        "cache", "exec redis-server --port $PORT", tmp_path, 6379, programs=("redis-server", "redis-cli"), health=TCP
    )
    assert web == OwnService(
        "web",
        "exec app",
        tmp_path / "app",
        8080,
        replicas=2,
        env={
            "CACHE": "redis://$(CACHE_SERVICE_HOST):$(CACHE_SERVICE_PORT)/0",
            "POOL": "10",
            "HERE": "$(POD_IP) $(POOL) $$(x)",
        },
        health="/healthz",
        metrics="/metrics",
        needs=("cache",),
        volume="64Mi",
    )
    assert web.at("port") == f"{tmp_path}/gameday.yaml:8:5: services.web.port", "a default stands nowhere"
    assert web.at("folder") == f"{tmp_path}/gameday.yaml:9:13: services.web.folder"


def test_file_without_services_has_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\n")
    assert load(tmp_path / "gameday.yaml").services == {}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("exec app\n", "''\n"), "8:10: services.web.run: is empty; write something or leave it out"),
        (("    run: exec app\n", ""), "8:5: services.web.run: missing; add it"),
        (("port: 6379", "port: 0"), "5:11: services.cache.port: expected a whole number from 1 to 65535, got `0`"),
        (("port: 6379", "port: 1e3"), "5:11: services.cache.port: expected a whole number from 1 to 65535, got `1e3`"),
        (
            ("port: 6379", "volume: 64"),
            "5:13: services.cache.volume: `64` is no size of a volume; write one such as 64Mi",
        ),
        (("port: 6379", "volume: 64MB"), "5:13: services.cache.volume: `64MB` is no size of a volume; write one such"),
        (
            ("port: 6379", "volume: 2Gi"),
            "5:13: services.cache.volume: a volume has from 1Mi to 1Gi, as it is in memory",
        ),
        (("port: 6379", "port: 010"), "5:11: services.cache.port: `010` would be read as 8; write 8, or"),
        (("replicas: 2", "replicas: 21"), "10:15: services.web.replicas: expected a whole number from 1 to 20"),
        (("folder: app", "folder: ap"), "9:13: services.web.folder: `ap` is no folder in TMP; create or correct it"),
        (("  web:", "  Web:"), "8:5: services.Web: `Web` is no name of a Service; use at most 63 of a-z, 0-9 and `-`"),
        (("  web:", "  load:"), "8:5: services.load: `load` is the load itself, as in `at: load`; choose another name"),
        (("POOL: 10", "2POOL: 10"), "11:82: services.web.env.2POOL: `2POOL` is no name of a variable"),
        (("POOL: 10", "PORT: 10"), "11:81: services.web.env.PORT: is set by the platform in every pod; remove it"),
        (("$(CACHE_SERVICE_HOST)", "$(CASHE_SERVICE_HOST)"), "11:18: services.web.env.CACHE: `$(CASHE_SERVICE_HOST)`"),
        (
            ("$(POOL) ", "$(LATER) "),
            "11:91: services.web.env.HERE: `$(LATER)` is no variable of the services, and none",
        ),
        (("/healthz", "healthz"), "12:13: services.web.health: `healthz` is not `tcp` or a path that begins with `/`"),
        (("metrics: /metrics", "metrics: tcp"), "13:14: services.web.metrics: `tcp` is not a path that begins with"),
        (("[cache]", "[cash]"), "14:13: services.web.needs: there is no service `cash`; known: cache, web"),
        (("[cache]", "[web]"), "14:12: services.web.needs: web needs web; none of them could start: remove one"),
        (("redis-cli]", "/bin/redis-cli]"), "6:30: services.cache.programs[1]: `/bin/redis-cli` is not the name of a"),
        (
            ("    port: 6379", "    ports: 6379"),
            "5:12: services.cache.ports: unknown key; known keys: run, port, folder,",
        ),
    ],
)
def test_a_problem_has_file_line_and_column(tmp_path: Path, change: tuple[str, str], problem: str) -> None:
    found = problems(tmp_path, change)
    start = f"gameday.yaml:{problem.replace('TMP', str(tmp_path))}"
    assert [line for line in found if line.startswith(start)], found


def test_a_circle_of_needs_is_reported_once(tmp_path: Path) -> None:
    found = problems(tmp_path, ("port: 6379\n", "port: 6379\n    needs: [web]\n"))
    assert found == [
        "gameday.yaml:6:12: services.cache.needs: cache needs web needs cache; none of them could start: remove one"
    ]


def test_an_empty_list_of_services_is_no_platform(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\nservices: {}\n")
    with pytest.raises(BindingError, match=r"gameday.yaml:2:11: services: expected a mapping with at least one key"):
        load(tmp_path / "gameday.yaml")


def test_a_platform_has_so_many_addresses(tmp_path: Path) -> None:
    text = "version: 1\nservices:\n" + "".join(f"  s{n}: {{run: x, replicas: 4}}\n" for n in range(31))
    (tmp_path / "gameday.yaml").write_text(text)
    with pytest.raises(BindingError) as refused:
        load(tmp_path / "gameday.yaml")
    assert str(refused.value).split("\n")[:2] == [
        f"{tmp_path}/gameday.yaml:3:3: services: 31 services; a platform has addresses for 30",
        f"{tmp_path}/gameday.yaml:3:3: services: 124 replicas in all; a platform has addresses for 100",
    ]


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, ("port: 6379", "port: 0"), ("folder: app", "folder: ap"), ("[cache]", "[cash]"))
    assert [line.split(" ")[0] for line in found] == ["gameday.yaml:5:11:", "gameday.yaml:9:13:", "gameday.yaml:14:13:"]


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("$(HOST):$(PORT)", "h:1"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(HOST)", "$(HOST)"),
        ("$$$(HOST)", "$h"),
        ("$HOST $(HOST", "$HOST $(HOST"),
    ],
)
def test_references_are_expanded_as_a_kubelet_does(value: str, result: str) -> None:
    assert expanded(value, {"HOST": "h", "PORT": "1"}) == result

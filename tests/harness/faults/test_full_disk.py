"""The fault `full-disk` on volumes of the local platform: a real Redis cannot save, until the file is removed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.bindings import FaultSpec, OwnService
from harness.errors import BindingError, PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.factory import make_fault
from harness.platforms.local.platform import LocalPlatform
from tests.support.own_service import SERVER
from tests.support.waiting import wait_until

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed")
REDIS = "cd \"$POD_VOLUME\" && exec redis-server --bind $POD_IP --port $PORT --save ''"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalPlatform]:
    services = {
        "cache": OwnService("cache", REDIS, Path("/"), port=7091, programs=("redis-cli",), volume="1Mi"),
        "web": OwnService("web", SERVER, Path("/"), port=7092),
    }
    made = LocalPlatform(tmp_path_factory.mktemp("own volumes") / "platform", services=services)
    try:
        made.up()
        yield made
    finally:
        made.down()


def prepared(platform: LocalPlatform, at: str = "cache", max_s: float = 60, **parameters: str) -> Injection:
    return make_fault(FaultSpec(at, "full-disk", parameters, max_s)).prepare(Target(platform, None))  # type: ignore[arg-type]


def in_pod(platform: LocalPlatform, script: str) -> str:
    done = platform.kubectl("exec", "deployment/cache", "-n", "production", "--", "sh", "-c", script)
    return f"{done.stdout}{done.stderr}"


def saved(platform: LocalPlatform) -> bool:
    return in_pod(platform, "redis-cli -h $POD_IP -p $PORT save").startswith("OK")


def test_redis_cannot_save_until_the_revert(platform: LocalPlatform) -> None:
    assert saved(platform)
    injection = prepared(platform)
    assert injection.text == "remove gameday-full-disk from the volumes of cache"
    assert saved(platform), "preparing does no harm"
    injection.apply()
    (pod,) = platform.state()["cache"].pods
    assert injection.state() == FaultState("active", f"gameday-full-disk fills the volume of {pod}")
    assert not saved(platform)
    assert "No space left on device" in platform.log_files("cache")[-1].read_text()
    injection.revert()
    assert saved(platform)
    injection.revert()


def test_removing_the_file_ends_the_fault(platform: LocalPlatform) -> None:
    injection = prepared(platform, file="old.rdb")
    injection.apply()
    assert "100%" in in_pod(platform, 'df "$POD_VOLUME"')
    assert in_pod(platform, 'rm "$POD_VOLUME/old.rdb"') == ""
    assert saved(platform)
    wait_until(lambda: injection.state().state == "changed")
    in_pod(platform, 'echo mine > "$POD_VOLUME/old.rdb"')
    injection.revert()
    assert in_pod(platform, 'cd "$POD_VOLUME"; cat old.rdb; rm old.rdb') == "mine\n"


def test_restarted_container_keeps_the_full_volume_and_a_new_pod_has_an_empty_one(platform: LocalPlatform) -> None:
    injection = prepared(platform)
    injection.apply()
    in_pod(platform, "kill -TERM 1")
    (pod,) = platform.state()["cache"].pods
    wait_until(lambda: len(platform.log_files("cache")) == 2 and platform.state()["cache"].ready == 1)
    assert not saved(platform)
    platform.kubectl("delete", "pod", pod, "-n", "production")
    wait_until(lambda: pod not in platform.state()["cache"].pods and platform.state()["cache"].ready == 1)
    assert injection.state().state == "changed"
    assert saved(platform)
    injection.revert()


def test_fault_ends_after_its_maximum_duration(platform: LocalPlatform) -> None:
    injection = prepared(platform, max_s=1)
    injection.apply()  # it verifies that the volume is full
    wait_until(lambda: injection.state() == FaultState("ended", "the volumes of cache were emptied after 1 s"))
    assert saved(platform)


def test_only_a_volume_with_a_size_is_filled(platform: LocalPlatform, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="it has no variable POD_VOLUME; say in `path` where its volume is"):
        prepared(platform, at="web").apply()
    with pytest.raises(PlatformError, match=f"{tmp_path} is no volume in memory with a size of its own"):
        prepared(platform, path=str(tmp_path)).apply()
    assert not list(tmp_path.iterdir())


def test_existing_file_is_neither_replaced_nor_removed(platform: LocalPlatform) -> None:
    in_pod(platform, 'echo mine > "$POD_VOLUME/data"')
    injection = prepared(platform, file="data")
    with pytest.raises(PlatformError, match="data exists; give another name in `file`"):
        injection.apply()
    injection.revert()
    assert in_pod(platform, 'cat "$POD_VOLUME/data"') == "mine\n"


def test_file_is_a_name() -> None:
    with pytest.raises(BindingError, match=r"file must be the name of a file, not `\.\./x`"):
        make_fault(FaultSpec("cache", "full-disk", {"file": "../x"}))

"""CPU limits read from control groups of both versions."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from harness.machine.control_groups import ControlGroups

V2 = ("0::/ci/job\n", "", {"cpu.stat": "usage_usec 5\nthrottled_usec 7000\n", "cpu.max": "150000 100000\n"})
V1 = (
    "3:cpuset:/other\n2:cpu,cpuacct:/ci/job\n1:name=systemd:/x\n0::/y\n",
    "cpu",
    {
        "cpu.stat": "nr_periods 9\nnr_throttled 3\nthrottled_time 7000000\n",
        "cpu.cfs_quota_us": "150000\n",
        "cpu.cfs_period_us": "100000\n",
    },
)


@pytest.fixture(params=[V2, V1], ids=["version 2", "version 1"])
def limited(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[ControlGroups, Path]:
    """Process 10, whose group `ci/job` is limited, and the folder of the group."""
    listed, controller, files = request.param
    folder = tmp_path / "groups" / controller / "ci" / "job"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "cgroup").write_text(listed)
    return ControlGroups(tmp_path, tmp_path / "groups"), folder


def test_limit_and_throttling_are_those_of_the_group(limited: tuple[ControlGroups, Path]) -> None:
    groups, _ = limited
    assert (groups.throttled_us(10), groups.quota_cores(10)) == (7000, 1.5)


def test_group_above_may_have_the_stricter_limit(limited: tuple[ControlGroups, Path]) -> None:
    groups, folder = limited
    for name, text in (("cpu.stat", "throttled_usec 9000\n"), ("cpu.max", "50000 100000\n")):
        (folder.parent / name).write_text(text)
    assert (groups.throttled_us(10), groups.quota_cores(10)) == (9000, 0.5)


def test_group_without_a_limit_was_never_throttled(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "10" / "cgroup").write_text("0::/\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 5\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "cpu.cfs_quota_us").write_text("-1\n")
    groups = ControlGroups(tmp_path, tmp_path)
    assert (groups.throttled_us(10), groups.quota_cores(10)) == (0, math.inf)


def test_account_that_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    groups = ControlGroups(tmp_path, tmp_path)
    assert (groups.throttled_us(10), groups.quota_cores(10)) == (None, math.inf)

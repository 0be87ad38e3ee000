"""How long processes wait for a processor, read from accounts in the form of Linux."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from harness.machine.cpu_waits import CpuWaits
from harness.record.events import HostSampled

MS = 1_000_000


class Machine:
    """A /proc and a /sys/fs/cgroup as files, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.cgroups, self.now = folder / "proc", folder / "cgroup", 50.0
        (self.proc / "pressure").mkdir(parents=True)

    def process(self, pid: int, parent: int, threads: Mapping[str, tuple[int, int]], name: str = "python") -> None:
        """Write a process with (ran, waited) of each thread in milliseconds."""
        for thread, (ran, waited) in threads.items():
            (self.proc / str(pid) / "task" / thread).mkdir(parents=True, exist_ok=True)
            text = f"{ran * MS} {waited * MS} 7\n"
            (self.proc / str(pid) / "task" / thread / "schedstat").write_text(text)
        (self.proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {pid} {pid} 0 -1 4194304\n")

    def in_container(self, pid: int, parent: int, group: str, times: tuple[int, int], throttled_ms: int = 0) -> None:
        self.process(pid, parent, {"1": times})
        (self.proc / str(pid) / "cgroup").write_text(f"0::/{group}\n")
        self.throttled(group, throttled_ms)

    def pressure(self, total_ms: int) -> None:
        some = f"some avg10=1.00 avg60=1.00 avg300=1.00 total={total_ms * 1000}\n"
        (self.proc / "pressure" / "cpu").write_text(some + "full avg10=0.00 avg60=0.00 avg300=0.00 total=99\n")

    def throttled(self, group: str, total_ms: int) -> None:
        (self.cgroups / group).mkdir(parents=True, exist_ok=True)
        (self.cgroups / group / "cpu.stat").write_text(f"usage_usec 5\nthrottled_usec {total_ms * 1000}\n")

    def waits(self, *containers: str) -> CpuWaits:
        return CpuWaits(10, lambda: containers, proc=self.proc, cgroups=self.cgroups, clock=lambda: self.now)

    def after(self, waits: CpuWaits, seconds: float = 2.0) -> HostSampled:
        self.now += seconds
        return waits.sample()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.process(1, 0, {"1": (9000, 9000)}, "init")
    made.process(10, 1, {"10": (100, 10)})
    made.process(11, 10, {"11": (200, 20), "12": (300, 30)}, "a (strange) name")
    made.process(20, 1, {"20": (5000, 5000)}, "another")
    return made


def test_times_of_all_threads_of_the_process_and_its_descendants_add_up(machine: Machine) -> None:
    waits = machine.waits()
    machine.process(10, 1, {"10": (600, 110)})
    machine.process(11, 10, {"11": (700, 120), "12": (300, 230)}, "a (strange) name")
    machine.process(13, 11, {"13": (50, 5)})
    machine.process(20, 1, {"20": (9000, 9000)}, "another")
    sample = machine.after(waits)
    assert (sample.seconds, sample.ran_s, sample.waited_s) == (2.0, 1.05, 0.405)


def test_thread_that_waited_longest_is_named_and_is_none_of_the_process_itself(machine: Machine) -> None:
    waits = machine.waits()
    machine.process(10, 1, {"10": (600, 900)})
    machine.process(11, 10, {"11": (700, 120), "12": (350, 230)})
    (machine.proc / "11" / "cmdline").write_bytes(b"python\0-m\0fakes\0")
    sample = machine.after(waits)
    assert (sample.slowest, sample.slowest_ran_s, sample.slowest_waited_s) == ("python -m fakes", 0.05, 0.2)


def test_each_sample_begins_where_the_last_one_ended(machine: Machine) -> None:
    waits = machine.waits()
    machine.process(10, 1, {"10": (600, 110)})
    machine.after(waits)
    sample = machine.after(waits, 3.0)
    assert (sample.seconds, sample.ran_s, sample.waited_s) == (3.0, 0.0, 0.0)


def test_ended_process_is_left_out_and_a_reused_id_is_a_new_process(machine: Machine) -> None:
    waits = machine.waits()
    (machine.proc / "11" / "stat").unlink()
    machine.process(10, 1, {"10": (40, 4)})
    sample = machine.after(waits)
    assert (sample.ran_s, sample.waited_s) == (0.04, 0.004)


def test_process_that_joins_the_run_later_in_its_life_counts_from_then_on(machine: Machine) -> None:
    """As one that is adopted by a process of the run: its times of before are not those of the sample."""
    waits = machine.waits()
    machine.process(20, 11, {"20": (5000, 5000)}, "another")
    sample = machine.after(waits)
    assert (sample.ran_s, sample.waited_s, sample.slowest_waited_s) == (0.0, 0.0, 0.0)
    machine.process(20, 11, {"20": (5000, 6500)}, "another")
    assert machine.after(waits).slowest_waited_s == 1.5


def test_processes_of_the_runs_containers_count_and_those_of_other_containers_do_not(machine: Machine) -> None:
    for shim, container in ((30, "aaa"), (40, "bbb")):
        machine.process(shim, 1, {"1": (0, 0)}, "containerd-shim")
        (machine.proc / str(shim) / "cmdline").write_bytes(f"containerd-shim-runc-v2\0-id\0{container}\0".encode())
        machine.in_container(shim + 1, shim, "docker/" + container, (100, 100))
        machine.process(shim + 2, shim + 1, {"1": (0, 0)}, "child")
    waits = machine.waits("aaa", "ccc")
    machine.process(31, 30, {"1": (400, 1300)})
    machine.process(32, 31, {"1": (300, 0)}, "child")
    machine.process(41, 40, {"1": (9000, 9000)})
    (machine.proc / "31" / "cmdline").write_bytes(b"python\0-m\0fakes")
    sample = machine.after(waits)
    assert (sample.ran_s, sample.waited_s) == (0.6, 1.2)
    assert (sample.slowest, sample.slowest_ran_s, sample.slowest_waited_s) == ("python -m fakes", 0.3, 1.2)


def test_time_in_which_a_limit_stopped_a_container_is_no_waiting(machine: Machine) -> None:
    machine.process(30, 1, {"1": (0, 0)}, "conmon")
    (machine.proc / "30" / "cmdline").write_bytes(b"/usr/bin/conmon\0-c\0aaa\0")
    machine.in_container(31, 30, "pod", (0, 0))
    waits = machine.waits("aaa")
    machine.in_container(31, 30, "pod", (500, 1500), throttled_ms=1100)
    assert machine.after(waits).waited_s == 0.4
    machine.in_container(31, 30, "pod", (900, 2500), throttled_ms=5000)
    assert machine.after(waits).waited_s == 0.0


def test_waiting_in_a_container_is_unknown_where_the_account_of_its_limit_cannot_be_read(machine: Machine) -> None:
    machine.process(30, 1, {"1": (0, 0)}, "containerd-shim")
    (machine.proc / "30" / "cmdline").write_bytes(b"shim\0-id\0aaa\0")
    machine.process(31, 30, {"1": (0, 0)})
    waits = machine.waits("aaa")
    machine.process(31, 30, {"1": (500, 1500)})
    sample = machine.after(waits)
    assert (sample.ran_s, sample.waited_s) == (0.5, 0.0)


def test_pressure_is_the_share_of_the_time_since_the_last_sample(machine: Machine) -> None:
    machine.pressure(1000)
    waits = machine.waits()
    machine.pressure(1500)
    assert machine.after(waits).pressure_share == 0.25


def test_throttling_is_that_of_the_own_control_group_or_of_one_above_it(machine: Machine) -> None:
    (machine.proc / "10" / "cgroup").write_text("1:name=systemd:/x\n0::/ci/job\n")
    machine.throttled("ci", 100)
    machine.throttled("ci/job", 0)
    waits = machine.waits()
    machine.throttled("ci", 700)
    assert machine.after(waits).throttled_s == 0.6


def test_quota_is_the_smallest_limit_of_the_own_control_group_and_those_above_it(machine: Machine) -> None:
    (machine.proc / "10" / "cgroup").write_text("0::/ci/job\n")
    machine.throttled("ci/job", 0)
    waits = machine.waits()
    assert waits.quota_cores() == math.inf
    (machine.cgroups / "ci" / "cpu.max").write_text("150000 100000\n")
    (machine.cgroups / "ci" / "job" / "cpu.max").write_text("max 100000\n")
    assert waits.quota_cores() == 1.5
    (machine.cgroups / "ci" / "job" / "cpu.max").write_text("50000 100000\n")
    assert waits.quota_cores() == 0.5


def test_what_the_system_does_not_tell_is_unknown(tmp_path: Path) -> None:
    waits = CpuWaits(10, proc=tmp_path / "none", cgroups=tmp_path, clock=iter((1.0, 3.0)).__next__)
    assert waits.sample() == HostSampled(seconds=2.0)


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="no account of run queues on this system")
def test_this_process_has_used_processor_time() -> None:
    waits = CpuWaits(os.getpid())
    sum(number * number for number in range(300_000))
    ran_s = waits.sample().ran_s
    assert ran_s is not None
    assert ran_s > 0

"""Every way in which a run can end leaves nothing behind: signals, a lost load generator, a full disk or pipe."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import yaml

from harness.record.event import TREATMENT, Event
from harness.record.events import FaultApplied, FaultReverted, ProcessStarted, RevertArmed, RunEnded
from harness.record.journal import read_events
from tests.support.full_pipe import full_pipe
from tests.support.gameday import COMMAND, ENDED_S, Running, gameday, left, recorded, running
from tests.support.paths import BINDINGS, RUNBOOK, SLOS

pytestmark = pytest.mark.slow
AT_ONCE = 3
E = TypeVar("E", bound=Event)
ARMED = {"symptoms", "response", "recovery"}
"""Phases in which the fault is on."""


@dataclass(frozen=True)
class Ending:
    """The outcome of one run, and the seconds from the disturbance to its end."""

    status: int
    seconds: float
    stderr: str
    folder: Path
    left: list[str]
    events: list[Event]

    @property
    def result(self) -> Mapping[str, Any]:
        """The one drill of result.json."""
        (drill,) = json.loads((self.folder / "result.json").read_text(encoding="utf-8"))["drills"]
        return dict(drill)

    def recorded(self, kind: type[E]) -> list[E]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]


Disturb = Callable[[Running, Path], None]


def signalled(number: signal.Signals) -> Disturb:
    """A signal to the whole process group of the command, as a terminal sends it."""
    return lambda run, out: os.killpg(run.process.pid, number)


def load_killed(run: Running, out: Path) -> None:
    """The load generator of the treatment is killed."""
    processes = [event for event in read_events(out / "record.jsonl") if isinstance(event, ProcessStarted)]
    os.kill(next(each.pid for each in processes if (each.name, each.side) == ("load", TREATMENT)), signal.SIGKILL)


def disk_full(run: Running, out: Path) -> None:
    """The record cannot grow any more: the process may write no file that is larger."""
    size = (out / "record.jsonl").stat().st_size
    psutil.Process(run.process.pid).rlimit(resource.RLIMIT_FSIZE, (size, size))


CASES: Mapping[str, tuple[str, Disturb]] = {
    "Ctrl-C, prepare": ("── prepare: ", signalled(signal.SIGINT)),
    "SIGTERM, baseline": ("── baseline: ", signalled(signal.SIGTERM)),
    "Ctrl-C, symptoms": ("── symptoms: ", signalled(signal.SIGINT)),
    "SIGTERM, response": ("── response: ", signalled(signal.SIGTERM)),
    "Ctrl-C, recovery": ("── recovery: ", signalled(signal.SIGINT)),
    "SIGKILL, response": (" line 63 action ", signalled(signal.SIGKILL)),
    "load killed, baseline": ("── baseline: ", load_killed),
    "load killed, symptoms": ("── symptoms: ", load_killed),
    "disk full, baseline": ("── baseline: ", disk_full),
    "disk full, symptoms": ("── symptoms: ", disk_full),
}


def prepare_inputs(folder: Path) -> None:
    """A folder with the shipped document, its SLOs, and bindings with a light load for TOOL_DOWN."""
    folder.mkdir()
    shutil.copy(RUNBOOK, folder / "ops.md")
    data = yaml.safe_load(BINDINGS.read_text(encoding="utf-8"))
    data["runbooks"]["TOOL_DOWN"]["rate"] = 30
    (folder / "gameday.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    (folder / "slos").symlink_to(SLOS)


def ending(folder: Path, pattern: str, disturb: Disturb) -> Ending:
    """Run the TOOL_DOWN drill under a light load until its progress matches, disturb it, and collect the outcome."""
    prepare_inputs(folder)
    out = folder / "run"
    with running("run", "ops.md", "--only", "TOOL_DOWN", "--out", out, cwd=folder) as run:
        run.wait_for(pattern)
        disturb(run, out)
        disturbed = time.monotonic()
        status, _ = run.end(ENDED_S + 20)
        seconds = time.monotonic() - disturbed
    if status == -signal.SIGKILL:
        assert gameday("recover", out, cwd=folder).returncode == 0
    return Ending(status, seconds, "".join(run.lines), out, left(out), list(read_events(out / "record.jsonl")))


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Ending]]]:
    """The outcome of every case; some run at the same time."""
    folder = tmp_path_factory.mktemp("endings")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(ending, folder / str(n), *case) for n, (name, case) in enumerate(CASES.items())}


@pytest.mark.parametrize("name", list(CASES))
def test_run_leaves_nothing_behind(endings: Mapping[str, Future[Ending]], name: str) -> None:
    end = endings[name].result()
    print(f"{name}: ended after {end.seconds:.1f} s")  # noqa: T201
    assert end.left == []
    assert "Traceback" not in end.stderr, end.stderr
    again = gameday("recover", end.folder, cwd=end.folder.parent)
    assert (again.returncode, "nothing was left" in again.stdout) == (0, True)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("Ctrl-C", "SIGTERM"))])
def test_interrupted_run_is_inconclusive_and_reverts_its_faults(
    endings: Mapping[str, Future[Ending]], name: str
) -> None:
    end, phase = endings[name].result(), name.split(", ")[1]
    assert end.status == 3
    assert (end.result["verdict"], "interrupted before the end" in end.result["why"]) == ("inconclusive", True)
    assert "✗ interrupted: reverting the fault" in end.stderr
    assert bool(end.recorded(FaultApplied)) == (phase in ARMED)
    assert [event.ok for event in end.recorded(FaultReverted)] == [True] * 2 * (phase in ARMED)
    assert (end.folder / "summary.md").read_text(encoding="utf-8").startswith("# Gameday: inconclusive")


def test_record_of_a_killed_run_is_inconclusive(endings: Mapping[str, Future[Ending]]) -> None:
    end = endings["SIGKILL, response"].result()
    assert end.status == -signal.SIGKILL
    assert end.recorded(RevertArmed)
    assert not end.recorded(FaultReverted)
    assert len(recorded(end.folder)) >= 3, "both generators and the shell were on record"
    done = gameday("report", end.folder, "--format", "json", cwd=end.folder.parent)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "inconclusive")


@pytest.mark.parametrize("phase", ["baseline", "symptoms"])
def test_lost_load_generator_is_inconclusive(endings: Mapping[str, Future[Ending]], phase: str) -> None:
    end = endings[f"load killed, {phase}"].result()
    assert (end.status, end.result["verdict"]) == (3, "inconclusive")
    assert "load lost" in end.result["why"][0]
    assert [event.ok for event in end.recorded(FaultReverted)] == [True] * 2 * (phase in ARMED)


@pytest.mark.parametrize("phase", ["baseline", "symptoms"])
def test_no_fault_is_applied_without_a_record(endings: Mapping[str, Future[Ending]], phase: str) -> None:
    end = endings[f"disk full, {phase}"].result()
    assert end.status in (2, 3)
    assert "the record cannot be written" in end.stderr
    armed = [(event.side, event.text) for event in end.recorded(RevertArmed)]
    assert len(armed) == (2 if phase in ARMED else 0), "a revert entry comes before each fault"
    assert len(end.recorded(FaultApplied)) == len(armed)
    assert gameday("report", end.folder, cwd=end.folder.parent).returncode == 3


def test_run_reverts_and_ends_although_its_stderr_is_a_full_pipe(tmp_path: Path) -> None:
    prepare_inputs(tmp_path / "pipe")
    argv = [str(COMMAND), "run", "ops.md", "--only", "TOOL_DOWN", "--out", "run"]
    with full_pipe(free_bytes=400) as pipe:
        done = subprocess.run(
            argv, cwd=tmp_path / "pipe", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=pipe.stream,
            timeout=300, check=False,
        )  # fmt: skip
    assert done.returncode in (0, 3), "a verdict, whatever this machine's load makes of it"
    events = list(read_events(tmp_path / "pipe" / "run" / "record.jsonl"))
    assert [event.ok for event in events if isinstance(event, FaultReverted)] == [True, True]
    assert isinstance(events[-1], RunEnded)
    assert b"TOOL_DOWN" in done.stdout
    assert left(tmp_path / "pipe" / "run") == []

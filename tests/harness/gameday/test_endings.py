"""However a run ends, nothing is left of it: Ctrl-C, SIGTERM and SIGKILL, a lost load generator, a full disk."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
import yaml

from harness.record.events import TREATMENT, Event, FaultApplied, FaultReverted, ProcessStarted, RevertArmed
from harness.record.journal import read_events
from tests.support.gameday import ENDED_S, Running, gameday, left, recorded, running
from tests.support.paths import BINDINGS, RUNBOOK, SLOS

pytestmark = pytest.mark.slow
AT_ONCE = 3
E = TypeVar("E", bound=Event)
ARMED = {"symptoms", "response", "recovery"}
"""Phases in which the fault is on."""


@dataclass(frozen=True)
class Ending:
    """What became of one run, and how long that took from the blow."""

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


Blow = Callable[[Running, Path], None]


def signalled(number: signal.Signals) -> Blow:
    """As a terminal does it: to the whole group of the command."""
    return lambda run, out: os.killpg(run.process.pid, number)


def load_killed(run: Running, out: Path) -> None:
    """The generator that loads the answered platform dies."""
    processes = [event for event in read_events(out / "record.jsonl") if isinstance(event, ProcessStarted)]
    os.kill(next(each.pid for each in processes if (each.name, each.side) == ("load", TREATMENT)), signal.SIGKILL)


def disk_full(run: Running, out: Path) -> None:
    """Not one byte more goes into the record: to this process every file of its size is full."""
    size = (out / "record.jsonl").stat().st_size
    psutil.Process(run.process.pid).rlimit(resource.RLIMIT_FSIZE, (size, size))


CASES: Mapping[str, tuple[str, Blow]] = {
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


def ending(folder: Path, words: str, blow: Blow) -> Ending:
    """Run the TOOL_DOWN drill under a light load until its progress says these words, strike, and see what is left."""
    folder.mkdir()
    shutil.copy(RUNBOOK, folder / "ops.md")
    data = yaml.safe_load(BINDINGS.read_text(encoding="utf-8"))
    data["runbooks"]["TOOL_DOWN"]["rate"] = 30
    (folder / "gameday.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    (folder / "slos").symlink_to(SLOS)
    out = folder / "run"
    with running("run", "ops.md", "--only", "TOOL_DOWN", "--out", out, cwd=folder) as run:
        run.wait_for(words)
        blow(run, out)
        struck = time.monotonic()
        status, _ = run.end(ENDED_S + 20)
        seconds = time.monotonic() - struck
    if status == -signal.SIGKILL:
        assert gameday("recover", out, cwd=folder).returncode == 0
    return Ending(status, seconds, "".join(run.lines), out, left(out), list(read_events(out / "record.jsonl")))


@pytest.fixture(scope="module")
def endings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Future[Ending]]]:
    """All cases, some at once."""
    folder = tmp_path_factory.mktemp("endings")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {name: pool.submit(ending, folder / str(n), *case) for n, (name, case) in enumerate(CASES.items())}


@pytest.mark.parametrize("name", list(CASES))
def test_nothing_is_left(endings: Mapping[str, Future[Ending]], name: str) -> None:
    end = endings[name].result()
    print(f"{name}: ended after {end.seconds:.1f} s")  # noqa: T201
    assert end.left == []
    assert "Traceback" not in end.stderr, end.stderr
    again = gameday("recover", end.folder, cwd=end.folder.parent)
    assert (again.returncode, "nothing was left" in again.stdout) == (0, True)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("Ctrl-C", "SIGTERM"))])
def test_an_interrupted_run_is_inconclusive_and_takes_its_faults_back(
    endings: Mapping[str, Future[Ending]], name: str
) -> None:
    end, phase = endings[name].result(), name.split(", ")[1]
    assert end.status == 3
    assert (end.result["verdict"], "interrupted before the end" in end.result["why"]) == ("inconclusive", True)
    assert "✗ interrupted: reverting the fault" in end.stderr
    assert bool(end.recorded(FaultApplied)) == (phase in ARMED)
    assert [event.ok for event in end.recorded(FaultReverted)] == [True] * (phase in ARMED)
    assert (end.folder / "summary.md").read_text(encoding="utf-8").startswith("# Gameday: inconclusive")


def test_a_killed_run_is_judged_by_what_it_wrote(endings: Mapping[str, Future[Ending]]) -> None:
    end = endings["SIGKILL, response"].result()
    assert end.status == -signal.SIGKILL
    assert end.recorded(RevertArmed)
    assert not end.recorded(FaultReverted)
    assert len(recorded(end.folder)) >= 3, "both generators and the shell were on record"
    done = gameday("report", end.folder, "--format", "json", cwd=end.folder.parent)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (3, "inconclusive")


@pytest.mark.parametrize("phase", ["baseline", "symptoms"])
def test_a_lost_generator_is_no_verdict(endings: Mapping[str, Future[Ending]], phase: str) -> None:
    end = endings[f"load killed, {phase}"].result()
    assert (end.status, end.result["verdict"]) == (3, "inconclusive")
    assert "load lost" in end.result["why"][0]
    assert [event.ok for event in end.recorded(FaultReverted)] == [True] * (phase in ARMED)


@pytest.mark.parametrize("phase", ["baseline", "symptoms"])
def test_without_a_record_no_harm_is_done(endings: Mapping[str, Future[Ending]], phase: str) -> None:
    end = endings[f"disk full, {phase}"].result()
    assert end.status in (2, 3)
    assert "the record cannot be written" in end.stderr
    armed = [(event.side, event.text) for event in end.recorded(RevertArmed)]
    assert len(armed) == (2 if phase in ARMED else 0), "an revert entry comes before each harm"
    assert len(end.recorded(FaultApplied)) == len(armed)
    assert gameday("report", end.folder, cwd=end.folder.parent).returncode == 3

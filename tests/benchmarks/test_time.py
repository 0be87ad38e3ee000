"""The time benchmark: its arithmetic, thresholds and readers; its peer passes with the remedy and fails without."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from benchmarks import gameday_time, machine
from benchmarks.gameday_time import Comparison, thresholds
from benchmarks.peers.chaos_toolkit import run as chaos
from benchmarks.peers.chaos_toolkit.load import aggregated_p95
from benchmarks.slot_loss import ours
from benchmarks.timed import Phase, Run, UnusableError, call, side_by_side
from harness import bindings
from harness.plan import make_plan
from harness.runbook import read
from harness.runbook.reader import parse
from tests.support.waiting import wait_until

SLOT_LOSS = Path(ours.__file__).parent
EXPERIMENT = yaml.safe_load((Path(chaos.__file__).parent / "experiment.yaml").read_text())


def a_run(seconds: float, ok: bool = True, why: str = "as it should") -> Run:
    return Run("someone", seconds, (Phase("all of it", seconds),), ok, why)


def compared(cold: float = 20, warm: tuple[float, ...] = (9,), other: float = 98, window_s: int = 30) -> Comparison:
    return Comparison(a_run(cold), tuple(a_run(seconds) for seconds in warm), a_run(other), window_s)


# -- arithmetic and thresholds ----------------------------------------------------------------------------------------


def test_duration_of_ours_is_the_median_of_the_warm_runs() -> None:
    seen = compared(cold=99, warm=(30, 8, 10))
    assert seen.ours.seconds == 10
    assert seen.ratio(30) == pytest.approx(9.8)


def test_other_windows_are_computed_from_the_time_that_the_peer_spends_outside_them() -> None:
    seen = compared(warm=(10,), other=23, window_s=5)
    assert seen.peer_rest_s == 8
    assert seen.peer_s(30) == 98
    assert seen.break_even_s == pytest.approx(2 / 3)
    assert seen.peer_s(seen.break_even_s) == pytest.approx(seen.ours.seconds)


def test_all_thresholds_are_met() -> None:
    assert [threshold.ok for threshold in thresholds(compared(), 10, 4)] == [True] * 4


@pytest.mark.parametrize(
    ("seen", "red"),
    [
        (Comparison(a_run(20), (a_run(9, ok=False),), a_run(98), 30), [0, 2, 3]),
        (Comparison(a_run(20, ok=False), (a_run(9),), a_run(98), 30), [0, 2, 3]),
        (Comparison(a_run(20), (a_run(9),), a_run(98, ok=False), 30), [1, 2, 3]),
        (compared(warm=(10.1,)), [2]),
        (compared(warm=(9,), other=35), [3]),
    ],
    ids=["a warm run failed", "the cold run failed", "the peer failed", "too slow", "not so much faster"],
)
def test_each_threshold_can_be_missed(seen: Comparison, red: list[int]) -> None:
    assert [number for number, threshold in enumerate(thresholds(seen, 10, 4)) if not threshold.ok] == red


def test_failed_run_gives_no_ratio() -> None:
    seen = Comparison(a_run(20), (a_run(2, ok=False, why="interrupted"),), a_run(98), 30)
    text = gameday_time.to_text(seen, thresholds(seen, 10, 4), machine.this_machine(), quick=True)
    assert "ratio     none" in text
    assert "✗ every drill passed: interrupted" in text
    assert (
        json.loads(gameday_time.to_json(seen, thresholds(seen, 10, 4), machine.this_machine(), quick=False))["ratio"]
        is None
    )


def test_computed_figures_are_marked() -> None:
    seen = compared(other=23, window_s=5)
    text = gameday_time.to_text(seen, thresholds(seen, 10, 4), machine.this_machine(), quick=True)
    assert "with 30-s windows (98.0 s, computed" in text
    assert "with 5-s windows (23.0 s, measured)" in text
    assert "indicative" in text
    assert "from earlier runs, in parallel with the peer" in text


def test_phases_of_both_sides_are_in_one_table() -> None:
    table = side_by_side(a_run(9.04), Run("peer", 98, (Phase("up", 1), Phase("before", 97)), True, ""))
    assert [line.split() for line in table.splitlines()] == [
        ["someone", "peer"],
        ["all", "of", "it", "9.0", "s", "up", "1.0", "s"],
        ["total", "9.0", "s", "before", "97.0", "s"],
        ["total", "98.0", "s"],
    ]


# -- both sides play the same ------------------------------------------------------------------------------------------


def test_both_sides_have_the_same_incident_load_and_steps() -> None:
    bound = bindings.load(SLOT_LOSS / "gameday.yaml")
    (drill,) = make_plan(read(SLOT_LOSS / "runbook.md"), bound, []).drills
    (fault,) = bound.faults["slot-loss"]
    method = {each["name"]: each["provider"] for each in EXPERIMENT["method"]}
    injected = {"name": fault.fault, "max_duration_s": fault.max_duration_s, **fault.parameters}
    assert method["lose-worker-slots"]["arguments"] == injected
    assert drill.binding is not None
    assert drill.binding.rate == chaos.USERS
    steps = [f"kubectl {method[name]['arguments']}" for name in ("look-at-the-pods", *chaos.REMEDY)]
    assert [sorted(step.split()) for step in steps] == [sorted(step.shown.split()) for step in drill.steps]


def test_steps_without_the_remedy_set_the_current_values() -> None:
    document = parse(ours.runbook(remedy=False))
    (drill,) = make_plan(document, bindings.load(SLOT_LOSS / "gameday.yaml"), []).drills
    assert "--replicas=1" in drill.steps[1].shown
    assert "WORKER_SLOTS=40" in drill.steps[2].shown
    assert drill.runbook.toggles[0].old == "40"


# -- what is read ------------------------------------------------------------------------------------------------------


def test_p95_of_all_requests_is_read_from_locusts_statistics(tmp_path: Path) -> None:
    stats = tmp_path / "window_stats.csv"
    stats.write_text("Type,Name,Request Count,95%\nPOST,/infer,740,180\n,Aggregated,745,190\n")
    assert aggregated_p95(stats, "") == 190


@pytest.mark.parametrize("row", ["", ",Aggregated,0,N/A\n"])
def test_p95_without_a_request_is_an_error(tmp_path: Path, row: str) -> None:
    stats = tmp_path / "window_stats.csv"
    stats.write_text(f"Type,Name,Request Count,95%\n{row}")
    with pytest.raises(RuntimeError, match="no request; its stderr: refused"):
        aggregated_p95(stats, "refused")


def a_journal(**changes: Any) -> dict[str, Any]:
    done = {"activity": {"name": "scale-out"}, "status": "succeeded", "output": {"status": 0}}
    return {"status": "completed", "deviated": False, "run": [done], **changes}


@pytest.mark.parametrize(
    ("journal", "why"),
    [
        (a_journal(), ""),
        (a_journal(status="failed", deviated=True), "deviated"),
        (a_journal(status="failed"), "status failed"),
        (a_journal(run=[{"activity": {"name": "p"}, "status": "failed", "output": None, "exception": ["no"]}]), "p: f"),
        (a_journal(run=[{"activity": {"name": "k"}, "status": "succeeded", "output": {"status": 1}}]), "k: succeeded"),
    ],
)
def test_journal_with_a_failure_is_a_failed_run(journal: dict[str, Any], why: str) -> None:
    assert chaos.wrong(journal).startswith(why)
    assert bool(chaos.wrong(journal)) == bool(why)


GAMEDAY = f"""#!{sys.executable}
import json, pathlib, sys, time
from harness.record.events import RunEnded, RunStarted
from harness.record.journal import Journal
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
out.mkdir()
now = time.time()
times = iter((now, now + 7))
journal = Journal(out / "record.jsonl", clock=lambda: next(times))
journal.write(RunStarted(document="ops.md", drills=()))
journal.write(RunEnded())
phases = [dict(phase="prepare", seconds=1.5), dict(phase="baseline", seconds=5.0)]
drill = dict(verdict="VERDICT", why=["it is so"], phases=phases)
(out / "result.json").write_text(json.dumps(dict(drills=[drill])))
"""


def a_gameday(monkeypatch: pytest.MonkeyPatch, folder: Path, text: str) -> None:
    command = folder / "gameday"
    command.write_text(text)
    command.chmod(0o755)
    monkeypatch.setattr(ours, "GAMEDAY", command)


@pytest.mark.parametrize("verdict", ["passed", "failed", "inconclusive"])
def test_phases_of_ours_equal_those_of_the_result(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verdict: str
) -> None:
    a_gameday(monkeypatch, tmp_path, GAMEDAY.replace("VERDICT", verdict))
    seen = ours.run_ours(tmp_path / "runs" / "one", 30)
    assert [phase.name for phase in seen.phases] == ["start", "prepare", "baseline", "taking down", "report"]
    assert [phase.seconds for phase in seen.phases[1:4]] == pytest.approx([1.5, 5.0, 0.5], abs=1e-3)
    assert seen.ok is (verdict == "passed")
    assert seen.why == f"{verdict}: it is so"


def test_missing_result_is_a_failed_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_gameday(monkeypatch, tmp_path, "#!/bin/sh\necho it broke >&2; exit 1\n")
    seen = ours.run_ours(tmp_path / "runs" / "one", 30)
    assert not seen.ok
    assert seen.why == "no result: it broke"


def test_unusable_environment_is_an_error_with_its_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    a_gameday(monkeypatch, tmp_path, "#!/bin/sh\necho no curl >&2; exit 2\n")
    with pytest.raises(UnusableError, match="no curl"):
        ours.run_ours(tmp_path / "runs" / "one", 30)


# -- commands, machine, exit codes -------------------------------------------------------------------------------------


def test_command_is_ended_at_its_limit(tmp_path: Path) -> None:
    code, _, _ = call([sys.executable, "-c", "import time; time.sleep(60)"], 0.2, tmp_path)
    assert code != 0


def test_machine_is_described(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor\t: 0\nmodel name\t: A  Fine   CPU\n")
    found = machine.this_machine(("pytest", "no-such-package"), cpuinfo, load_1min=0.0)
    text = machine.lines(found)
    assert "A Fine CPU, " in text
    assert f"pytest {pytest.__version__}" in text
    assert "no-such-package missing" in text
    assert "load before 0.00" in text
    assert "other processes" not in text
    assert json.loads(json.dumps(found.to_json()))["busy"] is False


def test_busy_and_unknown_machines_are_noted(tmp_path: Path) -> None:
    found = machine.this_machine((), tmp_path / "none", load_1min=99.0)
    assert found.cpu
    assert "other processes were running" in machine.lines(found)


@pytest.mark.parametrize("arguments", [["--runs", "0"], ["--window-s", "-3"], ["--runs", "many"]])
def test_invalid_number_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        gameday_time.main(arguments)
    assert ended.value.code == 2
    assert "must be a whole number above 0" in capsys.readouterr().err


def test_missing_command_error_has_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(ours, "GAMEDAY", tmp_path / "gameday")
    assert gameday_time.main([]) == 2
    assert f"no gameday command at {tmp_path / 'gameday'}" in capsys.readouterr().err


@pytest.mark.parametrize(("warm_s", "code"), [(9.0, 0), (11.0, 1)])
def test_exit_code_depends_on_the_thresholds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], warm_s: float, code: int
) -> None:
    monkeypatch.setattr(chaos, "check", lambda: None)
    monkeypatch.setattr(gameday_time, "measure", lambda folder, options: compared(warm=(warm_s,)))
    assert gameday_time.main(["--json"]) == code
    printed = json.loads(capsys.readouterr().out)
    assert printed["ours"]["seconds"] == warm_s
    assert [threshold["ok"] for threshold in printed["thresholds"]] == [True, True, code == 0, True]


def test_missing_chaos_toolkit_error_has_the_install_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert gameday_time.main(["--quick"]) == 2
    assert "pip install -e '.[bench]'" in capsys.readouterr().err


# -- the peer itself ---------------------------------------------------------------------------------------------------

needs_chaos = pytest.mark.skipif(
    importlib.util.find_spec("chaostoolkit") is None, reason="chaostoolkit is not installed: pip install -e '.[bench]'"
)


@needs_chaos
@pytest.mark.slow
def test_peer_observes_the_incident_and_its_end(tmp_path: Path) -> None:
    seen = chaos.run_peer(tmp_path, window_s=5, limit_s=90)
    assert seen.ok, seen.why
    assert sum(phase.seconds for phase in seen.phases) == pytest.approx(seen.seconds, abs=0.5)


@needs_chaos
@pytest.mark.slow
def test_peer_fails_without_the_remedy(tmp_path: Path) -> None:
    seen = chaos.run_peer(tmp_path, window_s=5, limit_s=90, remedy=False)
    assert not seen.ok
    assert seen.why.startswith("deviated")


@needs_chaos
@pytest.mark.slow
def test_platform_that_does_not_start_is_unusable(tmp_path: Path) -> None:
    (tmp_path / "platform").write_text("a file where the platform's folder should be")
    with pytest.raises(UnusableError, match="gameday up"):
        chaos.run_peer(tmp_path, window_s=5, limit_s=30)


def test_command_ends_with_a_benchmark_that_gets_sigterm(tmp_path: Path) -> None:
    script = "trap 'echo reverted >end; exit' INT; echo >begun; while :; do sleep 0.1; done"
    program = "import sys, pathlib, benchmarks.timed as timed; timed.call(sys.argv[2:], 60, pathlib.Path(sys.argv[1]))"
    traps = ["env", "--default-signal=INT", "bash"]  # SIGINT is ignored in what a shell starts with `&`: no trap then
    argv = [sys.executable, "-c", program, str(tmp_path), *traps, "-c", script]
    with subprocess.Popen(argv, cwd=SLOT_LOSS.parents[1]) as benchmark:
        wait_until((tmp_path / "begun").exists)
        benchmark.send_signal(signal.SIGTERM)
    assert (benchmark.returncode, (tmp_path / "end").read_text()) == (143, "reverted\n")


def test_command_that_is_just_being_started_at_sigterm_is_ended_too(tmp_path: Path) -> None:
    program = """
import os, pathlib, signal, subprocess, sys
import benchmarks.timed as timed

class Slow(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        pathlib.Path(sys.argv[1], "pid").write_text(str(self.pid))
        os.kill(os.getpid(), signal.SIGTERM)

subprocess.Popen = Slow
timed.call(["sleep", "60"], 60, pathlib.Path(sys.argv[1]))
"""
    argv = [sys.executable, "-c", program, str(tmp_path)]
    assert subprocess.run(argv, cwd=SLOT_LOSS.parents[1], check=False).returncode == 143
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))

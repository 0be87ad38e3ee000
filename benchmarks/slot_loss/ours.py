"""Run the incident by `gameday run`, as a user does, and read its phases from result.json."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.timed import Phase, Run, UnusableError, call
from harness.errors import UNUSABLE
from harness.record.journal import read_events

HERE = Path(__file__).parent
GAMEDAY = Path(sys.executable).with_name("gameday")
WHO = "runbook gameday"


def check() -> None:
    """Raise UnusableError when the `gameday` command is not beside this interpreter."""
    if not GAMEDAY.is_file():
        raise UnusableError(f"no gameday command at {GAMEDAY}: pip install -e '.[bench]' for {sys.executable}")


def run_ours(out: Path, limit_s: float, remedy: bool = True) -> Run:
    """Run `gameday run` into `out`; runs beside it are its history. Without the remedy its steps change nothing."""
    document = out.parent / f"{out.name}.md"
    document.parent.mkdir(parents=True, exist_ok=True)
    document.write_text(runbook(remedy), encoding="utf-8")
    argv = [str(GAMEDAY), "run", str(document), "--bindings", str(HERE / "gameday.yaml"), "--out", str(out), "--quiet"]
    argv += ["--start", "documented"]  # 40 slots; deployed is the service's own default
    spawned, began = time.time(), time.perf_counter()
    code, _, stderr = call(argv, limit_s, out.parent)
    seconds = time.perf_counter() - began
    if code == UNUSABLE:
        raise UnusableError(f"gameday run: {stderr.strip()}")
    return _read(out, seconds, spawned, stderr)


def runbook(remedy: bool = True) -> str:
    """Return the runbook's text; without the remedy its two changes set the current values."""
    whole = (HERE / "runbook.md").read_text(encoding="utf-8")
    if remedy:
        return whole
    return whole.replace("--replicas=3", "--replicas=1").replace("Increase from 40 to 60", "Set from 40 to 40")


def _read(out: Path, seconds: float, spawned_s: float, stderr: str) -> Run:
    """Read the phases; start-up and report are the time before and after the record's first and last events."""
    if not (out / "result.json").exists():
        return Run(WHO, seconds, (), False, f"no result: {stderr.strip()[-300:] or 'no output'}")
    result = json.loads((out / "result.json").read_text(encoding="utf-8"))
    drill = result["drills"][0]
    times = [event.t_s for event in read_events(out / "record.jsonl")]
    phases = [Phase(phase["phase"], phase["seconds"]) for phase in drill["phases"]]
    start = times[0] - spawned_s
    between = times[-1] - times[0] - sum(phase.seconds for phase in phases)
    parts = (Phase("start", start), *phases, Phase("taking down", between))
    report = Phase("report", seconds - sum(part.seconds for part in parts))
    return Run(
        WHO, seconds, (*parts, report), drill["verdict"] == "passed", f"{drill['verdict']}: {'; '.join(drill['why'])}"
    )

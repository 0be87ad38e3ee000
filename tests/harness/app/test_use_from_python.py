"""docs/how-to/use-from-python.md: its programs run, and do what the page says."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.simulated_drill import World, incident

PAGE = (ROOT / "docs" / "how-to" / "use-from-python.md").read_text(encoding="utf-8")
PLAN, RUN, REPORT = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


def execute(program: str, folder: Path, limit_s: float = 60.0) -> str:
    """Run a program of the page in a folder with the shipped files, and return what it printed."""
    for name in ("runbooks", "slos"):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "gameday.yaml", folder)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=limit_s, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_plan_program_prints_the_steps(tmp_path: Path) -> None:
    first, last = execute(PLAN, tmp_path).splitlines()
    assert first.startswith("TIMEOUT [")
    assert "kubectl scale deployment inference --replicas=3 -n production" in first
    assert last == "a run would start"


def test_report_program_prints_the_verdict_and_writes_the_summary(tmp_path: Path) -> None:
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    World(tmp_path / "runs" / "mine", incident).run()
    assert execute(REPORT, tmp_path) == "passed ['WEB']\n"
    assert (tmp_path / "summary.md").read_text(encoding="utf-8").startswith("# Gameday: passed\n")


def test_run_program_has_ten_lines_at_most() -> None:
    assert len([line for line in RUN.splitlines() if line]) <= 10


@pytest.mark.slow
def test_run_program_runs_a_real_drill(tmp_path: Path) -> None:
    lines = execute(RUN, tmp_path, limit_s=240.0).splitlines()
    assert lines[-1].startswith("VALIDATION_FAIL passed ")
    assert lines[-2].startswith("passed in ")
    assert (tmp_path / "runs" / "mine" / "result.json").exists()

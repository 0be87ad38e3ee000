"""Members of a third-party package: installed by pip, they are used by `gameday` without a change to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.gameday import gameday
from tests.support.paths import BINDINGS, RUNBOOK, SLOS
from tests.support.simulated_drill import World, incident

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "gameday-theirs"
version = "1.0"

[project.entry-points."gameday.reports"]
csv = "gameday_theirs:CSV"

[project.entry-points."gameday.faults"]
disk-full = "gameday_theirs:DiskFull"
"""
MODULE = '''\
"""A report format and a fault, as a third party writes them: with the contracts of the harness and nothing else."""

from dataclasses import dataclass

from harness.bindings import FaultSpec
from harness.errors import BindingError
from harness.faults.base import Injection, Target
from harness.report.base import ReportFormat
from harness.verdict.gameday import GamedayResult


def to_csv(result: GamedayResult) -> str:
    return "runbook,verdict\\n" + "".join(f"{drill.runbook},{drill.verdict.value}\\n" for drill in result.drills)


CSV = ReportFormat("csv", "verdicts.csv", to_csv)


@dataclass
class DiskFull:
    spec: FaultSpec

    def __post_init__(self) -> None:
        if not 0 < float(self.spec.parameters.get("percent", 100)) <= 100:
            raise BindingError(f"fault `{self.text}`: percent must be above 0 and at most 100")

    @property
    def text(self) -> str:
        return self.spec.text

    def prepare(self, target: Target) -> Injection:
        return Injection("empty the disk", lambda: None, lambda: None)
'''


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with the package installed in it."""
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("site")
    (source / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (source / "gameday_theirs").mkdir()
    (source / "gameday_theirs" / "__init__.py").write_text(MODULE, encoding="utf-8")
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", "-q", *offline, "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {**os.environ, "PYTHONPATH": str(target)}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the shipped runbook, and bindings that use the fault."""
    shutil.copy(RUNBOOK, tmp_path / "ops.md")
    shutil.copytree(SLOS, tmp_path / "slos")
    text = BINDINGS.read_text(encoding="utf-8")
    ours = "{at: tool-service, fault: wedge}"
    assert ours in text
    theirs = text.replace(ours, "{at: tool-service, fault: disk-full, percent: 90}")
    (tmp_path / "gameday.yaml").write_text(theirs, encoding="utf-8")
    return tmp_path


def test_report_format_of_another_package_is_offered_and_rendered(installed: dict[str, str], tmp_path: Path) -> None:
    World(tmp_path, incident).run()
    shown = gameday("report", "--help", cwd=tmp_path, env=installed).stdout
    assert "csv, html, json, junit, markdown, sarif, text" in " ".join(shown.split())
    done = gameday("report", tmp_path, "--format", "csv", cwd=tmp_path, env=installed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "runbook,verdict\nWEB,passed\n", "")
    assert "invalid choice: 'csv'" in gameday("report", tmp_path, "--format", "csv", cwd=tmp_path).stderr


def test_fault_of_another_package_is_accepted_by_plan(installed: dict[str, str], place: Path) -> None:
    done = gameday("plan", "ops.md", "--only", "TOOL_DOWN", cwd=place, env=installed)
    assert (done.returncode, done.stderr) == (0, "")
    assert "fault     tool-service: disk-full percent=90" in done.stdout


def test_wrong_parameter_of_another_packages_fault_is_reported_by_plan_and_run(
    installed: dict[str, str], place: Path
) -> None:
    bindings = place / "gameday.yaml"
    bindings.write_text(bindings.read_text(encoding="utf-8").replace("percent: 90", "percent: 900"), encoding="utf-8")
    (line,) = (n for n, text in enumerate(bindings.read_text("utf-8").splitlines(), 1) if "percent: 900" in text)
    for command in ("plan", "run"):
        done = gameday(command, "ops.md", "--only", "TOOL_DOWN", cwd=place, env=installed)
        fact = "fault `tool-service: disk-full percent=900`: percent must be above 0 and at most 100"
        assert (done.returncode, f"gameday.yaml:{line}:7: {fact}\n" in done.stderr) == (2, True), done.stderr

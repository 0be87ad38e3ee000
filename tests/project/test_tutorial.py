"""The tutorial: its commands run in order and print what the text promises."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.paths import COMMAND, ROOT

BLOCKS = re.findall(r"^```bash\n(.*?)^```", (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8"), re.M | re.S)


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    path = f"{COMMAND.parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=folder,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The files of a clone that the tutorial uses."""
    for name in ("runbooks", "slos"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "gameday.yaml", tmp_path)
    return tmp_path


def test_the_plan_shows_fault_symptoms_and_steps(checkout: Path) -> None:
    plan = next(block for block in BLOCKS if block.startswith("gameday plan"))
    shown = run(plan, checkout)
    assert (shown.returncode, shown.stderr) == (0, "")
    for fact in ("new-clients", "error_rate(valid, rejected)", "VALIDATION_STRICT_MODE", "api-gateway"):
        assert fact in shown.stdout


@pytest.mark.slow
def test_every_command_does_what_the_tutorial_says(checkout: Path) -> None:
    install, *rest = BLOCKS
    assert "pip install -e ." in install
    done = {block: run(block, checkout) for block in rest}
    statuses = {block: each.returncode for block, each in done.items() if each.returncode}
    (broken,) = statuses
    assert statuses == {broken: 1}, [each.stderr[-500:] for each in done.values()]
    assert "gameday run runbooks/ops-broken.md" in broken
    end = re.split(r"^(?=FAILED in )", done[broken].stdout, flags=re.M)[-1]
    assert re.match(r"FAILED in .* cause .*valid requests accepted", " ".join(end.split()))
    passed = next(each for block, each in done.items() if "--out runs/tutorial" in block)
    assert passed.stdout.rstrip().split("\n")[-1].startswith("PASSED")
    report = next(each for block, each in done.items() if block.startswith("gameday report"))
    assert passed.stdout in report.stdout
    assert not (checkout / "runs" / "tutorial").exists()

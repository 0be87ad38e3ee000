"""`--demo`: the commands that take a document take the demo runbook, with its bindings, from any folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.gameday import in_process
from tests.support.paths import BINDINGS, RUNBOOK


def test_plan_demo_binds_the_demo_runbook_by_its_own_bindings(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text("version: 1\nnamespace: another\n")  # the demo does not take this one
    done = in_process("plan", "--demo", "--only", "VALIDATION_FAIL", "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    plan = json.loads(done.stdout)
    assert (plan["document"], plan["bindings"]) == (str(RUNBOOK), str(BINDINGS))
    assert [(drill["runbook"], drill["bound"]) for drill in plan["drills"]] == [("VALIDATION_FAIL", True)]


def test_plan_demo_takes_the_bindings_that_are_named(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    shutil.copy(BINDINGS, own)
    shutil.copytree(BINDINGS.parent / "slos", tmp_path / "slos")
    done = in_process("plan", "--demo", "--bindings", own, "--format", "json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["bindings"] == str(own)


@pytest.mark.parametrize("command", [("show",), ("slo", "show")], ids=" ".join)
def test_reading_commands_take_the_demo_runbook(command: tuple[str, ...], tmp_path: Path) -> None:
    done = in_process(*command, "--demo", cwd=tmp_path)
    named = in_process(*command, RUNBOOK, cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", named.stdout)

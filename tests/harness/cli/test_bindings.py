"""`init`, `check`, `discover` and `schema` through the real `gameday`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.harness.app.test_checking import DECIDED
from tests.harness.app.test_proposing import RUNBOOK
from tests.support.gameday import gameday


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a runbook."""
    (tmp_path / "ops.md").write_text(RUNBOOK, encoding="utf-8")
    return tmp_path


def test_from_a_runbook_to_a_file_without_a_problem(place: Path) -> None:
    shown = gameday("init", "ops.md", "--dry-run", cwd=place)
    assert (shown.returncode, shown.stdout[:33]) == (0, "--- /dev/null\n+++ gameday.yaml\n@@")
    assert not (place / "gameday.yaml").exists()
    done = gameday("init", "ops.md", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "gameday.yaml: written; `gameday check` lists what is still open\n"
    missing = gameday("check", cwd=place)
    assert missing.returncode == 2
    assert missing.stdout.startswith(
        "all runbooks:\n  gameday.yaml:10:9: placeholders.<pod> has no value: what is `<pod>` (ops.md, line 16)? "
    )
    assert "\nSLOW:\n  gameday.yaml:" in missing.stdout
    (place / "gameday.yaml").write_text(DECIDED, encoding="utf-8")
    found = gameday("check", cwd=place)
    assert (found.returncode, found.stdout, found.stderr) == (0, "nothing is missing\n", "")
    assert gameday("init", "ops.md", cwd=place).stdout == "gameday.yaml: nothing to add\n"


def test_problems_as_json(place: Path) -> None:
    (place / "gameday.yaml").write_text(DECIDED.replace("LIMIT: inference", "LIMIT: "), encoding="utf-8")
    done = gameday("check", "ops.md", "--format", "json", cwd=place)
    assert done.returncode == 2
    assert json.loads(done.stdout) == {
        "bindings": "gameday.yaml",
        "documents": ["ops.md"],
        "problems": [
            {"runbook": None, "file": "gameday.yaml", "line": 4, "column": 17,
             "fact": "toggles.LIMIT has no value"},
        ],
    }  # fmt: skip


def test_a_draft_is_named_by_the_plan_and_is_not_drilled(place: Path) -> None:
    gameday("init", "ops.md", cwd=place)
    done = gameday("plan", "ops.md", cwd=place)
    assert done.returncode == 2
    assert "  not bound: decide the open keys of runbooks.SLOW in gameday.yaml; the drill would be" in done.stdout
    assert "\nfinding: SLOW is not drilled: " in done.stdout
    assert "runbooks.SLOW.fault has no value" in done.stdout


def test_discover_prints_and_writes(place: Path) -> None:
    (place / "compose.yaml").write_text("services: {web: {command: x, ports: [80], tty: true}}\n", encoding="utf-8")
    shown = gameday("discover", "compose.yaml", cwd=place)
    assert shown.returncode == 0
    assert shown.stdout.startswith("services:\n  # From compose.yaml:1:17\n  web:\n")
    assert shown.stderr == "gameday: compose.yaml:1:48: not used: services.web.tty\n"
    assert not (place / "gameday.yaml").exists()
    assert gameday("discover", "compose.yaml", "--write", cwd=place).returncode == 0
    assert "\nservices:\n  # From compose.yaml:1:17\n  web:\n" in (place / "gameday.yaml").read_text(encoding="utf-8")


def test_the_schema_is_json(place: Path) -> None:
    done = gameday("schema", cwd=place)
    assert done.returncode == 0
    assert json.loads(done.stdout)["title"] == "gameday.yaml"


@pytest.mark.parametrize("command", ["init", "discover"])
def test_wrong_input_ends_with_a_message(place: Path, command: str) -> None:
    done = gameday(command, "absent", cwd=place)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("gameday: absent: ")

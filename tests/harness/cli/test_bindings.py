"""`init`, `check`, `discover` and `schema` on the command line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from harness.cli.main import exit_code_of
from tests.harness.app.test_checking import DECIDED
from tests.harness.app.test_proposing import RUNBOOK
from tests.support.gameday import in_process
from tests.support.paths import COMMAND


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a runbook."""
    (tmp_path / "ops.md").write_text(RUNBOOK, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_from_a_runbook_to_a_file_without_a_problem(place: Path) -> None:
    done = in_process("init", "ops.md", cwd=place)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "gameday.yaml: written; `gameday check` lists what is still open\n"
    missing = in_process("check", cwd=place)
    assert missing.returncode == 2
    question = "what is `<pod>` (ops.md, line 16)? "
    assert missing.stdout.startswith(f"all runbooks:\n  gameday.yaml:10:9: placeholders.<pod> has no value: {question}")
    assert "\nSLOW:\n  gameday.yaml:" in missing.stdout
    (place / "gameday.yaml").write_text(DECIDED, encoding="utf-8")
    found = in_process("check", cwd=place)
    assert (found.returncode, found.stdout, found.stderr) == (0, "nothing is missing\n", "")


def test_init_shows_a_diff_and_says_when_nothing_is_missing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["init", "ops.md", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("--- /dev/null\n+++ gameday.yaml\n@@ ")
    assert not (place / "gameday.yaml").exists()
    (place / "gameday.yaml").write_text(DECIDED, encoding="utf-8")
    assert exit_code_of(["init", "ops.md"]) == 0
    assert capsys.readouterr().out == "gameday.yaml: nothing to add\n"


def test_problems_as_json(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "gameday.yaml").write_text(DECIDED.replace("LIMIT: inference", "LIMIT: "), encoding="utf-8")
    assert exit_code_of(["check", "ops.md", "--format", "json"]) == 2
    assert json.loads(capsys.readouterr().out) == {
        "bindings": "gameday.yaml",
        "documents": ["ops.md"],
        "problems": [
            {"runbook": None, "file": "gameday.yaml", "line": 4, "column": 17, "fact": "toggles.LIMIT has no value"},
        ],
    }


def test_discover_prints_and_writes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "compose.yaml").write_text("services: {web: {command: x, ports: [80], tty: true}}\n", encoding="utf-8")
    assert exit_code_of(["discover", "compose.yaml"]) == 0
    shown = capsys.readouterr()
    assert shown.out.startswith("# On docker, `compose: compose.yaml` runs the file as it is")
    assert "\nservices:\n  # From compose.yaml:1:17\n  web:\n" in shown.out
    assert shown.err == "gameday: compose.yaml:1:48: not used: services.web.tty\n"
    assert not (place / "gameday.yaml").exists()
    assert exit_code_of(["discover", "compose.yaml", "--write"]) == 0
    assert "\nservices:\n  # From compose.yaml:1:17\n  web:\n" in (place / "gameday.yaml").read_text(encoding="utf-8")


def test_discover_reads_a_pipe(place: Path) -> None:
    text = "services: {web: {command: x}}"
    done = subprocess.run(
        [str(COMMAND), "discover", "-"], input=text, cwd=place, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout.split("\n")[1]) == (0, "  # From stdin:1:17")


def test_the_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "gameday.yaml"


@pytest.mark.parametrize("command", ["init", "discover"])
def test_wrong_input_ends_with_a_message(place: Path, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of([command, "absent"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("gameday: absent: ")

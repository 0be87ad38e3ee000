"""What is found of the code and the machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.machine.environment import environment

CPUINFO = "processor\t: 0\nmodel name\t: Some Processor 9000\nprocessor\t: 1\nmodel name\t: Some Processor 9000\n"


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_revision_and_changes_of_the_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-q", "-m", "First")
    (tmp_path / "below").mkdir()
    found = environment(tmp_path / "below")
    assert (found.revision, found.dirty) == (git(tmp_path, "rev-parse", "HEAD"), False)
    (tmp_path / "new").write_text("untracked files, such as those of a run, are no change")
    assert not environment(tmp_path).dirty
    (tmp_path / "file").write_text("two")
    assert environment(tmp_path).dirty


def test_folder_without_a_repository_has_no_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert (environment(tmp_path).revision, environment(tmp_path).dirty) == ("", False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment(tmp_path).revision == "", "there is no git"


def test_machine_is_described(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text(CPUINFO)
    found = environment(tmp_path, tmp_path / "cpuinfo")
    assert found.cpu == "Some Processor 9000"
    assert found.cores >= 1
    assert found.memory_bytes > 2**20
    assert found.python.startswith("3.")
    assert environment(tmp_path, tmp_path / "none").cpu, "the architecture"

"""Worktrees of real repositories: created beside the user's working tree, and removed in every case."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from harness.errors import ComparisonError
from harness.machine import worktree
from harness.machine.worktree import checked_out, commit_of
from tests.support.repository import commit, git


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits; temporary folders are in its neighbour `temp`."""
    folder, temp = tmp_path / "repository", tmp_path / "temp"
    temp.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temp))
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(folder))
    commit(folder, {"file": "one"})
    git(folder, "tag", "first")
    commit(folder, {"file": "two"})
    return folder


def worktrees(repository: Path) -> int:
    return git(repository, "worktree", "list").count("\n")


def test_revision_is_checked_out_beside_a_changed_working_tree(repository: Path, tmp_path: Path) -> None:
    (repository / "file").write_text("three, not committed")
    with checked_out(commit_of("first", repository), repository, tmp_path / "base") as folder:
        assert (folder / "file").read_text() == "one"
        assert (tmp_path / "base" / "source").resolve() == folder
        assert worktrees(repository) == 2
    assert (repository / "file").read_text() == "three, not committed"
    assert worktrees(repository) == 1
    assert list((tmp_path / "temp").iterdir()) == list((tmp_path / "base").iterdir()) == []


def test_worktree_is_removed_after_an_error_and_with_changes(repository: Path, tmp_path: Path) -> None:
    def fail() -> None:
        with checked_out(commit_of("main", repository), repository, tmp_path / "base") as folder:
            (folder / "file").write_text("changed")
            (folder / "more").write_text("untracked")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert worktrees(repository) == 1
    assert list((tmp_path / "temp").iterdir()) == []


@pytest.mark.parametrize("name", ["nosuch", "--help", "HEAD~9", "main:file"])
def test_unknown_revision_is_named(repository: Path, name: str) -> None:
    with pytest.raises(ComparisonError, match=f"revision `{name}`: git knows no such revision"):
        commit_of(name, repository)


def test_folder_without_a_repository_is_named(tmp_path: Path) -> None:
    with pytest.raises(ComparisonError, match="revision `HEAD`: fatal: not a git repository"):
        commit_of("HEAD", tmp_path)


def test_commit_that_cannot_be_checked_out_leaves_nothing(repository: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(ComparisonError, match="revision 0000000: git cannot check it out"),
        checked_out("0000000", repository, tmp_path / "base"),
    ):
        pass
    assert list((tmp_path / "temp").iterdir()) == list((tmp_path / "base").iterdir()) == []


def test_missing_git_is_named(repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ComparisonError, match="git is missing on this machine"):
        commit_of("main", repository)


def test_recover_removes_what_a_killed_comparison_left(repository: Path, tmp_path: Path) -> None:
    """A killed process runs no `finally`: the context is never closed."""
    run = tmp_path / "run"
    left = checked_out(commit_of("main", repository), repository, run / "base")
    folder = left.__enter__()
    assert worktrees(repository) == 2
    assert worktree.recover(run) == [f"worktree {folder}"]
    assert worktrees(repository) == 1
    assert not folder.exists()
    assert worktree.recover(run) == []


def test_recover_of_a_worktree_that_is_gone(repository: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    left = checked_out(commit_of("main", repository), repository, run / "base")
    folder = left.__enter__()
    subprocess.run(["rm", "-r", str(folder)], check=True)
    assert worktree.recover(run) == [f"worktree {folder}"]
    assert list((run / "base").iterdir()) == []

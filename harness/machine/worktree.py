"""Checks out a git revision into a temporary folder, without touching the user's working tree."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.errors import ComparisonError

LIMIT_S = 60.0
PREFIX = "gameday-worktree-"
LINK = "source"
"""Name of the link to a worktree in the folder of its variant, by which `recover` finds it."""


def commit_of(revision: str, repository: Path) -> str:
    """The full hash of a revision's commit. Raises ComparisonError when there is no such revision or repository."""
    done = _git(repository, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if done.returncode:
        why = done.stderr.strip() or "git knows no such revision here; `git branch -a` and `git tag` list names"
        raise ComparisonError(f"revision `{revision}`: {why}")
    return done.stdout.strip()


@contextmanager
def checked_out(commit: str, repository: Path, link_in: Path) -> Iterator[Path]:
    """A worktree of a commit, removed at the end; until then the folder `link_in` has a link to it.

    Raises ComparisonError when it cannot be created.
    """
    folder, link = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve(), link_in / LINK
    link_in.mkdir(parents=True, exist_ok=True)
    link.symlink_to(folder)
    try:
        done = _git(repository, "worktree", "add", "--quiet", "--detach", str(folder), commit)
        if done.returncode:
            raise ComparisonError(f"revision {commit[:12]}: git cannot check it out: {done.stderr.strip()}")
        yield folder
    finally:
        _remove(folder, repository)
        link.unlink(missing_ok=True)


def recover(run: Path) -> list[str]:
    """Remove the worktrees that a killed comparison left; returns a description of each. Idempotent."""
    removed = []
    for link in (folder / LINK for folder in run.glob("*")):  # `*/source` would leave out a link to a deleted folder
        if link.is_symlink():
            folder = link.readlink()
            _remove(folder, _repository_of(folder))
            link.unlink()
            removed.append(f"worktree {folder}")
    return removed


def _repository_of(worktree: Path) -> Path:
    """The git directory that a worktree belongs to; the worktree itself when git does not say."""
    if not worktree.is_dir():
        return worktree
    found = _git(worktree, "rev-parse", "--path-format=absolute", "--git-common-dir").stdout.strip()
    return Path(found) if found else worktree


def _remove(folder: Path, repository: Path) -> None:
    """Remove a worktree and git's note of it; never raises. `git worktree prune` removes a note that is left."""
    with suppress(ComparisonError):
        _git(repository, "worktree", "remove", "--force", str(folder))
    shutil.rmtree(folder, ignore_errors=True)


def _git(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run git in a process group of its own: Ctrl-C in the terminal does not end it halfway. Raises ComparisonError."""
    try:
        return subprocess.run(
            ["git", "-C", str(repository), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=LIMIT_S, process_group=0,
        )  # fmt: skip
    except FileNotFoundError:
        raise ComparisonError("git is missing on this machine; install it, or compare folders or URLs") from None
    except subprocess.TimeoutExpired:
        raise ComparisonError(f"git {arguments[0]} took longer than {LIMIT_S:g} s in {repository}") from None

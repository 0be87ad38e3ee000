"""What the end-to-end tests share: the real `gameday` command, what it leaves, and parts of the shipped document."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import psutil

from harness.cli.main import exit_code_of
from harness.machine import process_ledger
from harness.record.events import ProcessStarted
from harness.record.journal import read_events
from tests.support.figures import check_files
from tests.support.paths import BINDINGS, COMMAND, ROOT, RUNBOOK, SLOS
from tests.support.waiting import wait_until

ENDED_S = 20.0
"""How long a test waits for an end; the product promises 2 s, which is printed and not asserted."""


def gameday(
    *words: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout_s: float = 60.0
) -> subprocess.CompletedProcess[str]:
    """One run of the command, with its output; its working directory is never the project's."""
    argv = [str(COMMAND), *map(str, words)]
    done = subprocess.run(
        argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout_s, check=False
    )
    _check_result(words, cwd)
    return done


def in_process(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """One run of a command that starts nothing, without a process of its own, whose imports take half a second."""
    out, err = StringIO(), StringIO()
    with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
        try:
            status: object = exit_code_of([str(word) for word in words])
        except SystemExit as end:
            status = end.code
    return subprocess.CompletedProcess(words, int(str(status)), out.getvalue(), err.getvalue())


def _check_result(words: Sequence[str | Path], cwd: Path) -> None:
    """Check the figures of the result that a command has written, if it names the run directory."""
    if "--out" in words:
        check_files(cwd / words[words.index("--out") + 1])


class Running:
    """`gameday run` in the background, in a process group of its own; its progress is read line by line."""

    def __init__(
        self,
        *words: str | Path,
        cwd: Path,
        prepare: Callable[[], None] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.process = subprocess.Popen(
            [str(COMMAND), *map(str, words)], cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True, preexec_fn=prepare,  # noqa: PLW1509
        )  # fmt: skip
        self.lines: list[str] = []
        self._words, self._cwd = words, cwd
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def has_line(self, pattern: str) -> bool:
        """Has a line of the progress matched?"""
        return any(re.search(pattern, line) for line in tuple(self.lines))

    def wait_for(self, pattern: str, limit_s: float = 90.0) -> None:
        """Wait for a line of the progress; an early end is a failure."""
        wait_until(lambda: self.has_line(pattern) or self.process.poll() is not None, limit_s=limit_s)
        assert self.has_line(pattern), f"no line matches `{pattern}`:\n{''.join(self.lines)}"

    def end(self, limit_s: float = ENDED_S) -> tuple[int, str]:
        """Wait for the end: exit code and stdout."""
        stdout = self.process.stdout
        assert stdout is not None
        status, text = self.process.wait(limit_s), stdout.read()
        self._reader.join(5)
        _check_result(self._words, self._cwd)
        return status, text


@contextmanager
def running(
    *words: str | Path, cwd: Path, prepare: Callable[[], None] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A `Running` that never outlives the test."""
    one = Running(*words, cwd=cwd, prepare=prepare, env=env)
    try:
        yield one
    finally:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()
            gameday("recover", cwd, cwd=cwd)


def left(folder: Path) -> list[str]:
    """Living processes of a run: by its record, its ledgers, and the folder in their environment or as their place."""
    found = [group.what for group in recorded(folder) if group.leader_lives()]
    for ledger in folder.rglob("processes.jsonl"):
        found += [
            group.what for group, _ in process_ledger.living(process_ledger.recorded(ledger.parent), ledger.parent)
        ]
    return found + [f"{process.pid} {process.name()}" for process in of_folder(folder)]


def of_folder(folder: Path) -> list[psutil.Process]:
    """Living processes that work in this folder, or carry it in `GAMEDAY_DIR`."""
    return [process for process in psutil.process_iter() if _belongs(process, str(folder.resolve()))]


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        places = (process.cwd(), process.environ().get(process_ledger.MARK, ""))
        return process.status() != psutil.STATUS_ZOMBIE and any(
            f"{place}/".startswith(f"{folder}/") for place in places
        )
    except psutil.Error:
        return False


def recorded(folder: Path) -> list[process_ledger.Group]:
    """The process groups that a run's record names."""
    record = folder / "record.jsonl"
    events = read_events(record) if record.exists() else iter(())
    return [
        process_ledger.Group(each.pgid, each.started_s, each.name)
        for each in events
        if isinstance(each, ProcessStarted)
    ]


def tree() -> str:
    """The untracked files of the work tree, and the git status of the files that a run reads."""
    tools = ("*.py", "*.pyc", "*_cache/*", ".hypothesis/*", ".ci/*", ".venv/*")  # what tests and tools write there
    others = _git("ls-files", "--others", "--", *(f":!{each}" for each in tools)).split("\n")
    return "\n".join([*others, _git("status", "--porcelain", "--", str(RUNBOOK), str(BINDINGS), str(SLOS))])


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout


def entry(id_: str) -> str:
    """One runbook of the shipped document, from its heading to the rule below it."""
    text = RUNBOOK.read_text(encoding="utf-8")
    return text[text.index(f"### {id_}:") :].split("\n---\n")[0]


def document(*entries: str) -> str:
    """A document of these runbooks and nothing else."""
    return "# Runbooks\n\n" + "\n---\n\n".join(entries)


def clean_environment(path: str) -> dict[str, str]:
    """An environment whose PATH is `path`."""
    return {**{name: value for name, value in os.environ.items() if name != "PATH"}, "PATH": path}

"""A bash process that executes one command after another and reports the exit statuses of each."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import psutil

from harness.errors import MachineError
from harness.machine.platform_state import Shell
from harness.machine.waiting import wait_until
from harness.steps.confinement import Confinement, Reach

_STOPPED_S = 1.0
"""Time limit until a process has stopped after SIGSTOP."""
_ENDED_S = 5.0
"""Time limit until everything that was killed has ended."""
_FIXED = """readonly PATH HOME CURL_HOME KUBECONFIG BASH_ENV ENV PS4 LD_PRELOAD LD_LIBRARY_PATH
[() { local word; for word; do case $word in -v|-R) "$PATH/test" "$@"; return;; esac; done; builtin [ "$@"; }
test() { local word; for word; do case $word in -v|-R) "$PATH/test" "$@"; return;; esac; done; builtin test "$@"; }
readonly -f [ test
"""
"""What no command of a session may change: the variables that say which programs run, and a `test` without the options
that execute a text (`-v`, `-R`), which the policy refuses for the program on PATH."""


class BashProcess:
    """A bash in a process group of its own, with a pipe from which the exit statuses are read.

    Its variables, functions and working directory are saved to a file in `private` after each command. `keep_state`
    makes that file the one that the next process restores: bash may be killed in the middle of writing it.
    """

    def __init__(self, shell: Shell, private: Path, limit_bytes: int, reach: Reach) -> None:
        """Start bash; `limit_bytes` bounds each file that a command writes, and `reach` what it may write, start and
        connect to, where the machine can enforce that. Raises MachineError without bash."""
        self._kept, self._saved = private / "memory.sh", private / "memory.new.sh"
        self.status_fd, self._fd = os.pipe()
        self._confinement = Confinement(_executable(), shell, reach, private)
        try:
            self.process = self._start(shell, private)
        except OSError as error:
            os.close(self.status_fd)
            self._confinement.close()
            raise MachineError(f"{_executable()}: cannot be started ({error.strerror}); install bash") from None
        finally:
            os.close(self._fd)
        self.pid = self.process.pid
        try:
            self._confinement.started()
        except MachineError:
            self.kill()
            raise
        self._write(f"ulimit -f {max(1, limit_bytes // 1024)}\n{_FIXED}. {shlex.quote(str(self._kept))} 2>/dev/null\n")

    def _start(self, shell: Shell, private: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*self._confinement.command, "--noprofile", "--norc", "-s"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**shell.env, "PATH": shell.path, "CURL_HOME": str(private)},
            cwd=shell.cwd,
            pass_fds=(self._fd, *self._confinement.pass_fds),
            start_new_session=True,
        )

    def execute(self, text: str, out: Path, err: Path) -> None:
        """Start one command. At its end one line comes on `status_fd`: `$?` and PIPESTATUS, separated by blanks."""
        inner = shlex.quote(f'{text}\n\n__gameday_status=("$?" "${{PIPESTATUS[@]}}")')
        files = f"</dev/null >{shlex.quote(str(out))} 2>{shlex.quote(str(err))} {self._fd}>&-"
        save = "{ declare -p; declare -f; printf 'cd %q\\n' \"$PWD\"; }"
        self._write(
            f"__gameday_status=(1 1); {{ eval {inner}; }} {files}\n"
            f"{save} >{shlex.quote(str(self._saved))} 2>/dev/null\n"
            f'printf "%s " "${{__gameday_status[@]}}" >&{self._fd}; echo >&{self._fd}\n'
        )

    def keep_state(self) -> None:
        """Let the next process restore the state after the command whose statuses have arrived."""
        with contextlib.suppress(FileNotFoundError):  # the command has removed the folder
            self._saved.replace(self._kept)

    def _write(self, text: str) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # bash has ended; the reader of `status_fd` sees that as end of file
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()

    def descendants(self) -> list[psutil.Process]:
        """Return the processes that bash and its children have started and that still run."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """Kill the process group and the descendants outside of it (`timeout` makes a group of its own)."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGSTOP)
        outside = self._stopped()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        for process in outside:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(self._session_ended, _ENDED_S, poll_s=0.01)
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        os.close(self.status_fd)
        self._confinement.close()

    def _session_ended(self) -> bool:
        """Kill what is left of bash's session; return whether nothing was.

        On a busy machine a process may start another one before it stops, which then has lost its parent. As long as
        bash is not waited for, no other process can have its session.
        """
        left = [process for process in psutil.process_iter() if process.pid != self.pid and self._has_session(process)]
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        return not left

    def _has_session(self, process: psutil.Process) -> bool:
        try:
            return os.getsid(process.pid) == self.pid and process.status() != psutil.STATUS_ZOMBIE
        except (OSError, psutil.Error):
            return False

    def _stopped(self) -> list[psutil.Process]:
        """Stop all descendants, and return them: one that still runs could start another one meanwhile."""
        found: set[psutil.Process] = set()
        while fresh := set(self.descendants()) - found:
            for process in fresh:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
            wait_until(partial(_all_stopped, fresh), _STOPPED_S, poll_s=0.002)
            found |= fresh
        return list(found)


def _all_stopped(processes: Iterable[psutil.Process]) -> bool:
    return not any(map(_runs, processes))


def _runs(process: psutil.Process) -> bool:
    try:
        return process.status() not in (psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def _executable() -> str:
    return "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/usr/bin/bash"

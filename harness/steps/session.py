"""One real bash per document, fed one command at a time, as an operator's terminal would be.

What the runbook's text sees: a bash without start-up files, the environment of the platform's shell and nothing
inherited, /dev/null as standard input, variables and working directory that carry over. What we see: both outputs
in full, the exit status of every stage, and the status lines of what curl was answered.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.bash.analyse import Script, analyse
from harness.errors import Interrupted, MachineError
from harness.machine.platform_state import Shell
from harness.policy import classify
from harness.policy.syntax import syntax_error

OUTPUT_LIMIT_BYTES = 64 * 2**20
_POLL_S = 0.02
_LOOK_S = 0.1
_FIRST_WORD_S = 10.0
"""How long a producer may take to print anything at all: a busy machine must not make a full log look empty."""
_INTERRUPT_S = 1.0
"""How long a producer may take to follow SIGINT before it is killed."""


@dataclass(frozen=True)
class Outcome:
    """What a command did. `stdout`, `stderr` are files that hold all of it (up to the limit)."""

    exit_status: int | None
    """$?; None where the session had to kill it."""
    pipestatus: tuple[int, ...]
    stdout: Path
    stderr: Path
    started_s: float
    seconds: float
    ended: bool = False
    timed_out: bool = False
    overflowed: bool = False
    left: bool = False
    """The command ended its own bash (`exit`); the next one begins in a new one."""
    http: tuple[str, ...] = ()

    def text(self, limit: int = 4_000) -> tuple[str, str]:
        """The first characters of both outputs."""
        return _beginning(self.stdout, limit), _beginning(self.stderr, limit)


class Session:
    """One bash and its successors. Not thread-safe: one command at a time."""

    def __init__(
        self,
        shell: Shell,
        out_dir: Path,
        *,
        run_dir: Path | None = None,
        limit_bytes: int = OUTPUT_LIMIT_BYTES,
        started: Callable[[int], None] = lambda pgid: None,
    ) -> None:
        """Outputs go into `out_dir`, told relative to `run_dir`. `started` is told the process group of every bash
        that begins, so that it can be recorded. Raises MachineError when there is no bash."""
        self.run_dir = (run_dir or out_dir).resolve()
        self._shell, self._limit, self._started = shell, limit_bytes, started
        self._out = out_dir.resolve()
        self._private = self._out / "session"
        self._private.mkdir(parents=True, exist_ok=True)
        self.history: list[Script] = []
        """What ran in this shell so far: what it has assigned and defined is still there."""
        self._count = 0
        self._bash: _Bash | None = None

    def run(
        self, text: str, *, deadline_s: float, follow_s: float = 1.5, stop: threading.Event | None = None
    ) -> Outcome:
        """Run one command and wait for its end. Raises Interrupted when `stop` is set, with everything killed
        before."""
        self._count += 1
        out, err = (self._out / f"{self._count:03}.{name}" for name in ("out", "err"))
        self._prepare_curl()
        started, clock = time.time(), time.monotonic()
        wrong = syntax_error(text)
        if wrong:
            out.write_text("")
            err.write_text(wrong)
            return Outcome(2, (2,), out, err, started, time.monotonic() - clock)
        self.history.append(analyse(text))
        watch = _Watch(self._start_bash(), text, (out, err), self._limit, follow_s)
        try:
            watch.wait(clock + deadline_s, stop or threading.Event())
        finally:
            if watch.statuses is None:
                self.close()
        statuses = watch.statuses or ()
        left = watch.left is not None
        status = watch.left if left else (statuses[0] if statuses else None)
        return Outcome(
            status,
            tuple(statuses[1:]),
            out,
            err,
            started,
            time.monotonic() - clock,
            watch.ended,
            watch.timed_out,
            watch.overflowed or _size(out, err) >= self._limit,
            left,
            self._http(),
        )

    def close(self) -> None:
        """Kill the bash and everything it started; can be called twice."""
        if self._bash is not None:
            self._bash.kill()
            self._bash = None

    def _start_bash(self) -> _Bash:
        if self._bash is None:
            self._bash = _Bash(self._shell, self._private, self._limit)
            self._started(self._bash.pid)
        return self._bash

    def _prepare_curl(self) -> None:
        """A CURL_HOME of the session's own: the platform's lines, only HTTP, and a note of the answers' headers.

        Written anew for each command, because the platform may have changed its own since."""
        base = Path(self._shell.env.get("CURL_HOME", "")) / ".curlrc"
        lines = base.read_text().rstrip() if "CURL_HOME" in self._shell.env and base.is_file() else ""
        headers = self._private / "curl.headers"
        headers.unlink(missing_ok=True)
        own = f'proto = "=http,https"\nproto-redir = "=http,https"\ndump-header = "{headers}"\n'
        (self._private / ".curlrc").write_text(f"{lines}\n{own}")

    def _http(self) -> tuple[str, ...]:
        headers = self._private / "curl.headers"
        lines = headers.read_text(errors="replace").splitlines() if headers.is_file() else []
        return tuple(line.strip() for line in lines if line.startswith("HTTP/"))


class _Bash:
    """A bash in a process group of its own, and the pipe on which it tells the statuses."""

    def __init__(self, shell: Shell, private: Path, limit_bytes: int) -> None:
        self._memory = private / "memory.sh"
        bash = "/bin/bash" if os.access("/bin/bash", os.X_OK) else "/usr/bin/bash"
        self.statuses, theirs = os.pipe()
        env = {**shell.env, "PATH": shell.path, "CURL_HOME": str(private)}
        try:
            self.process = subprocess.Popen(
                ["bash", "--noprofile", "--norc", "-s"],
                executable=bash,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=env,
                cwd=shell.cwd,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        except OSError as error:
            os.close(self.statuses)
            raise MachineError(f"{bash}: cannot be started ({error.strerror}); install bash") from None
        finally:
            os.close(theirs)
        self.pid = self.process.pid
        self._fd = theirs
        self._write(f"ulimit -f {max(1, limit_bytes // 1024)}; . {shlex.quote(str(self._memory))} 2>/dev/null\n")

    def feed(self, text: str, out: Path, err: Path) -> None:
        """Have one command run; its statuses come on `statuses`: $? and PIPESTATUS, separated by blanks, in one
        line."""
        inner = shlex.quote(f'{text}\n\n__gameday_status=("$?" "${{PIPESTATUS[@]}}")')
        files = f"</dev/null >{shlex.quote(str(out))} 2>{shlex.quote(str(err))} {self._fd}>&-"
        memory = "{ declare -p; declare -f; printf 'cd %q\\n' \"$PWD\"; }"
        self._write(
            f"__gameday_status=(1 1); {{ eval {inner}; }} {files}\n"
            f"{memory} >{shlex.quote(str(self._memory))} 2>/dev/null\n"
            f'printf "%s " "${{__gameday_status[@]}}" >&{self._fd}; echo >&{self._fd}\n'
        )

    def _write(self, text: str) -> None:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it is gone: the closed status pipe says so to whoever waits
            self.process.stdin.write(text.encode())
            self.process.stdin.flush()

    def descendants(self) -> list[psutil.Process]:
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill(self) -> None:
        """End the group and what left it (`timeout` makes a group of its own)."""
        for process in self.descendants():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        os.close(self.statuses)


class _Watch:
    """Waits for one command: for its statuses, its deadline, its output's size, and the producers that never end."""

    def __init__(self, bash: _Bash, text: str, files: tuple[Path, Path], limit_bytes: int, follow_s: float) -> None:
        self.statuses: tuple[int, ...] | None = None
        self.left: int | None = None
        self.ended = self.timed_out = self.overflowed = False
        self._bash, self._files, self._limit, self._follow_s = bash, files, limit_bytes, follow_s
        self._endless = classify.endless(analyse(text))
        self._asked: dict[int, float] = {}
        self._next_look = time.monotonic() + follow_s
        bash.feed(text, *files)

    def wait(self, deadline: float, stop: threading.Event) -> None:
        received = b""
        while not received.endswith(b"\n"):
            if stop.is_set():
                raise Interrupted("interrupted while a command of the runbook was running; it was killed")
            if select.select([self._bash.statuses], [], [], _POLL_S)[0]:
                part = os.read(self._bash.statuses, 4096)
                if not part:
                    self.left = self._bash.process.wait()
                    return
                received += part
            elif self._over(deadline):
                return
        self.statuses = tuple(int(word) for word in received.split())

    def _over(self, deadline: float) -> bool:
        now = time.monotonic()
        self.timed_out = now >= deadline
        self.overflowed = _size(*self._files) >= self._limit
        if self._endless and now >= self._next_look:
            self._next_look = now + _LOOK_S
            self._end_producers(now)
        return self.timed_out or self.overflowed

    def _end_producers(self, now: float) -> None:
        """End what never ends by itself, and nothing behind it: so the grep behind it sees the end and prints what
        it holds."""
        for process in self._bash.descendants():
            with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                age_s = time.time() - process.create_time()
                if not _is_endless(process.cmdline()) or age_s < self._follow_s:
                    continue
                if age_s < _FIRST_WORD_S and not process.io_counters().write_chars:
                    continue
                asked = self._asked.setdefault(process.pid, now)
                process.send_signal(signal.SIGINT if now - asked < _INTERRUPT_S else signal.SIGKILL)
                self.ended = True


def _is_endless(cmdline: list[str]) -> bool:
    """A script shows its interpreter first, and perhaps its own name and settings before the words it was called
    with."""
    if classify.is_endless(cmdline):
        return True
    script = bool(cmdline) and re.match(r"(python|(ba|da|a)?sh$)", Path(cmdline[0]).name)
    tails = (cmdline[place:] for place in range(1, min(6, len(cmdline)))) if script else ()
    return any(classify.is_endless(tail) or classify.is_endless(["kubectl", *tail]) for tail in tails)


def _size(*files: Path) -> int:
    return max(file.stat().st_size if file.exists() else 0 for file in files)


def _beginning(file: Path, limit: int) -> str:
    with file.open(encoding="utf-8", errors="replace") as stream:
        return stream.read(limit)

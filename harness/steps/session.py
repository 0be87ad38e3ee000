"""One real bash per document that executes one command after another, like an operator's terminal.

The command runs in a bash without start-up files, with the environment of the platform's shell only and /dev/null as
standard input; variables, functions and the working directory carry over. The session keeps both outputs in full, the
exit status of every pipeline stage, and the status lines of curl's responses.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from harness.bash.script import Script
from harness.clock import now_s
from harness.machine.platform_state import Destination, Shell
from harness.steps.bash_process import BashProcess
from harness.steps.check import check_arguments, syntax_error
from harness.steps.confinement import Reach
from harness.steps.curl_home import CurlHome
from harness.steps.destinations import Destinations
from harness.steps.guard import Guard
from harness.steps.outcome import Outcome
from harness.steps.watch import CommandWatch, size

OUTPUT_LIMIT_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Pods:
    """The pods of a platform: their namespace, and what the bindings allow `kubectl exec` to start in them."""

    namespace: str = "production"
    programs: frozenset[str] = frozenset()


class Session:
    """A bash, replaced by a new one when a command ends it. Not thread-safe: one command at a time."""

    def __init__(
        self,
        shell: Shell,
        out_dir: Path,
        *,
        run_dir: Path | None = None,
        pods: Pods = Pods(),
        destinations: Callable[[], Collection[Destination]] = lambda: (),
        limit_bytes: int = OUTPUT_LIMIT_BYTES,
        started: Callable[[int], None] = lambda pgid: None,
    ) -> None:
        """Write outputs to `out_dir`, which is inside `run_dir`. Every program that a command starts is checked with
        its real arguments, for a platform with these `pods`; it can connect to its `destinations` only, where the
        kernel can enforce that. `started` is called with the process group of each bash, so that it can be recorded."""
        self.run_dir = (run_dir or out_dir).resolve()
        self.pods = pods
        self._limit, self._started = limit_bytes, started
        self.folder = self._out = out_dir.resolve()
        """Where the outputs are."""
        self._private = self._out / "session"
        self._private.mkdir(parents=True, exist_ok=True)
        self._guard = Guard(
            shell, self._private / "bin", lambda argv: check_arguments(argv, pods.namespace, pods.programs)
        )
        self._shell = replace(shell, path=str(self._guard.folder))
        allowed = Destinations(destinations, [self._guard.address])
        self._reach = Reach((self._out,), self._guard.programs, allowed, _real_kubectl(shell))
        self._curl = CurlHome(self._private, shell.env.get("CURL_HOME"))
        self.history: list[Script] = []
        """The commands that have run: their variables and functions still exist."""
        self._count = 0
        self._bash: BashProcess | None = None

    def run(self, script: Script, deadline_s: float, follow_s: float, stop: threading.Event) -> Outcome:
        """Run one command and wait for its end; see StepLimits for the times.

        Raises Interrupted when `stop` is set, after everything was killed, and MachineError when there is no bash.
        """
        self._count += 1
        files = (self._out / f"{self._count:03}.out", self._out / f"{self._count:03}.err")
        started_s, clock = now_s(), time.monotonic()
        error = syntax_error(script.text)  # first, because `eval` would run what comes before the error
        if error:
            return _syntax_outcome(error, files, started_s, time.monotonic() - clock)
        self._curl.prepare()
        self.history.append(script)
        bash = self._start_bash()
        self._guard.taken()
        watch = CommandWatch(bash, script, files, self._limit, follow_s)
        try:
            watch.wait(clock + deadline_s, stop)
        finally:
            if watch.statuses is None:
                self._end_bash()
            else:
                bash.keep_state()
        return self._outcome(watch, files, started_s, time.monotonic() - clock)

    def _outcome(self, watch: CommandWatch, files: tuple[Path, Path], started_s: float, seconds: float) -> Outcome:
        statuses = watch.statuses or ()
        return Outcome(
            exit_status=statuses[0] if statuses else watch.left,
            pipestatus=statuses[1:],
            stdout=files[0],
            stderr=files[1],
            started_s=started_s,
            seconds=seconds,
            ended=watch.ended,
            timed_out=watch.timed_out,
            overflowed=watch.overflowed or size(*files) >= self._limit,
            left=watch.left is not None,
            http=self._curl.status_lines(),
            refusals=self._guard.taken(),
        )

    def close(self) -> None:
        """End the session. Idempotent."""
        self._end_bash()
        self._guard.close()

    def _end_bash(self) -> None:
        """Kill the bash and every process that it started; the next command gets a new one."""
        if self._bash is not None:
            self._bash.kill()
            self._bash = None

    def _start_bash(self) -> BashProcess:
        if self._bash is None:
            self._bash = BashProcess(self._shell, self._private, self._limit, self._reach)
            self._started(self._bash.pid)
        return self._bash


def _real_kubectl(shell: Shell) -> Path | None:
    """The kubectl of a shell that has a kubeconfig; any other one is the platform's own script."""
    found = shutil.which("kubectl", path=shell.path) if "KUBECONFIG" in shell.env else None
    return Path(found) if found else None


def _syntax_outcome(error: str, files: tuple[Path, Path], started_s: float, seconds: float) -> Outcome:
    files[0].write_text("")
    files[1].write_text(error)
    return Outcome(2, (2,), *files, started_s, seconds)

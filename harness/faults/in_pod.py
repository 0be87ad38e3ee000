"""A command that a fault runs inside a pod by `kubectl exec`, and that goes on when the harness has been killed."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence

from harness.errors import PlatformError
from harness.faults.base import Target

START_S = 30.0
KILL = '[ "$0" = 0 ] || kill -KILL -"$0"'
"""Kills a process group."""


class InPod:
    """A shell script in one pod: the `kubectl exec` that started it, and its process group in the pod."""

    def __init__(self, target: Target, pod: str, fault: str) -> None:
        self._target, self._pod, self._fault = target, pod, fault
        self._process: subprocess.Popen[str] | None = None
        self._said, self._has_said = "", threading.Event()

    def start(self, script: str, arguments: Sequence[str], max_s: float) -> None:
        """Run the script, whose parent process `timeout` leads its group and ends it (SIGTERM) after `max_s`.

        Its first line must be the group, `$PPID`, printed once the harm is done; returns then. Raises PlatformError
        when the line is anything else, or does not come within START_S.
        """
        platform, shell = self._target.platform, self._target.platform.shell()
        command = ["timeout", "-k", "1", f"{max_s:g}", "sh", "-c", script, *arguments]
        self._process = process = subprocess.Popen(
            [f"{shell.path}/kubectl", "exec", self._pod, "-n", platform.namespace, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**shell.env, "PATH": shell.path},
            cwd=shell.cwd,
            start_new_session=True,
        )
        threading.Thread(target=self._read, args=(process,), daemon=True, name=f"fault in {self._pod}").start()
        self._has_said.wait(START_S)
        if not self._said.isdecimal():
            why = self._said or f"no output within {START_S:g} s"
            self.let_go()
            raise PlatformError(f"fault `{self._fault}`: it did not start in pod {self._pod}: {why}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        """Read to the end: `kubectl exec` reports a status other than 0, and fails if that is not read."""
        assert process.stdout is not None
        with process.stdout as output:
            self._said = output.readline().strip()
            self._has_said.set()
            for _ in output:
                pass

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs: `kubectl exec` ends with the script, and with its container."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def refused(self) -> bool:
        """Whether the script has ended without doing harm, with the reason in place of its group."""
        return bool(self._said) and not self._said.isdecimal()

    def end(self, script: str = KILL, arguments: Sequence[str] = ()) -> None:
        """Run a script in the pod that ends the command, then end the exec. It gets the group after its arguments.

        A deleted pod has nothing left. Raises PlatformError when the script fails.
        """
        if not self.refused and self._process is not None:
            self._run(script, [*arguments, self._said or "0"])
        self.let_go()

    def let_go(self) -> None:
        """End the exec only."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _run(self, script: str, arguments: Sequence[str]) -> None:
        platform = self._target.platform
        command = ("--", "sh", "-c", script, *arguments)
        done = platform.kubectl("exec", self._pod, "-n", platform.namespace, *command)
        gone = "not found" in done.stderr or "No such process" in done.stderr
        if done.status and not gone:
            raise PlatformError(f"fault `{self._fault}`: pod {self._pod} still has it: {done.stderr.strip()}")

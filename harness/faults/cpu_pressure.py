"""Something in the pods that burns CPU, beside the service."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping

from harness.errors import PlatformError
from harness.faults.base import Parameter, Parameters, Revert, Target

BURN = 'echo $PPID; i=0; while [ $i -lt "$0" ]; do (while :; do :; done) & i=$((i+1)); done; wait'
"""Tells the process group (its parent, `timeout`, leads it), then burns in so many processes."""
START_S = 10.0


class CpuPressure:
    """`workers` busy loops (1) in every running pod, by `kubectl exec`. `timeout` ends them in the pod itself after
    `max_duration_s`, whatever becomes of us; what holds them back is the pod's CPU limit, where it has one."""

    def __init__(self, at: str, parameters: Mapping[str, Parameter], max_duration_s: float) -> None:
        """Raises BindingError."""
        read = Parameters(at, "cpu-pressure", parameters)
        self.text, self._at, self._max_s = read.text, at, max_duration_s
        self._workers = int(read.number("workers", 1, low=1))
        read.done()
        self._burning: dict[int, list[_Burner]] = {}

    def revert(self, target: Target) -> Revert:
        burners = self._burning[id(target.platform)] = []

        def stop() -> None:
            while burners:
                burners[-1].stop()
                burners.pop()

        return Revert(f"end what burns CPU in the pods of {self._at}", stop)

    def inject(self, target: Target) -> None:
        """Raises PlatformError when a pod does not take it."""
        state = target.platform.state()
        pods = state[self._at].pods if self._at in state else ()
        if not pods:
            raise PlatformError(f"fault `{self.text}`: {self._at} has no running pod; check `at` in the bindings")
        for pod in pods:
            burner = _Burner(target, pod, self.text)
            self._burning[id(target.platform)].append(burner)
            burner.start(self._workers, self._max_s)


class _Burner:
    """One `kubectl exec` that goes on, and the process group that it told of in the pod."""

    def __init__(self, target: Target, pod: str, text: str) -> None:
        self._target, self._pod, self._text = target, pod, text
        self._process: subprocess.Popen[str] | None = None
        self._group = ""

    def start(self, workers: int, max_s: float) -> None:
        platform, shell = self._target.platform, self._target.platform.shell()
        words = ["timeout", "-k", "1", f"{max_s:g}", "sh", "-c", BURN, str(workers)]
        self._process = subprocess.Popen(
            [f"{shell.path}/kubectl", "exec", self._pod, "-n", platform.namespace, "--", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**shell.env, "PATH": shell.path}, cwd=shell.cwd, start_new_session=True,
        )  # fmt: skip
        reader = threading.Thread(target=self._first_word, daemon=True)
        reader.start()
        reader.join(START_S)
        if not self._group.isdecimal():
            raise PlatformError(f"fault `{self._text}`: pod {self._pod} did not take it: {self._group or 'no answer'}")

    def _first_word(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self._group = self._process.stdout.readline().strip()

    def stop(self) -> None:
        """In the pod first: what `exec` started there outlives it. A pod that is gone took it along."""
        if self._group.isdecimal():
            words = ("--", "sh", "-c", f"kill -KILL -{self._group}")
            done = self._target.platform.kubectl("exec", self._pod, "-n", self._target.platform.namespace, *words)
            gone = "not found" in done.stderr or "No such process" in done.stderr
            if done.status and not gone:
                raise PlatformError(f"fault `{self._text}`: {self._pod} still has it: {done.stderr.strip()}")
        if self._process is not None:
            self._process.kill()
            self._process.wait()

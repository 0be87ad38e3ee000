"""Busy loops that take CPU time from a service inside its own pods."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Mapping

from harness.bindings import FaultSpec
from harness.errors import PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.kubectl import pods_of, running_pods
from harness.faults.parameters import Parameters
from harness.faults.repeated import Repeated

BURN = 'echo $PPID; i=0; while [ $i -lt "$0" ]; do (while :; do :; done) & i=$((i+1)); done; wait'
"""Prints its process group (the parent process, `timeout`, leads it), then runs $0 busy loops."""
START_S = 10.0
FOLLOW_S = 1.0
"""How often new pods are looked for."""


class CpuPressure:
    """Runs `workers` (default: 1) busy loops in every pod of the Deployment `at`, by `kubectl exec`, and in later ones.

    `timeout` ends them inside the pod after `max_duration_s`. Only the pod's CPU limit, if it has one, bounds them.
    """

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._workers = int(parameters.number("workers", 1, low=1))
        parameters.reject_unknown()

    def prepare(self, target: Target) -> Injection:
        burners: dict[str, _Burner] = {}
        following = Repeated(FOLLOW_S, self._max_s, lambda: self._burn(target, burners, following.left_s))

        def apply() -> None:
            running_pods(target, self.text, self._at)
            self._burn(target, burners, self._max_s)
            following.start()

        def revert() -> None:
            following.stop()
            while burners:
                pod, burner = next(iter(burners.items()))
                burner.stop()
                del burners[pod]

        text = f"end the busy loops in the pods of {self._at}"
        return Injection(text, apply, revert, lambda: self._state(target, burners, following))

    def _burn(self, target: Target, burners: dict[str, _Burner], max_s: float) -> None:
        """Start the loops in every pod that does not run them: a new one, or one whose container was restarted."""
        for pod in pods_of(target, self._at):
            if pod not in burners or not burners[pod].runs():
                burners[pod] = _Burner(target, pod, self.text)
                burners[pod].start(self._workers, max_s)

    def _state(self, target: Target, burners: Mapping[str, _Burner], following: Repeated) -> FaultState:
        if not following.running:
            return FaultState("ended", f"it starts no more busy loops in {self._at}")
        pods = pods_of(target, self._at)
        if not pods:
            return FaultState("changed", f"{self._at} has no pod")
        burning = [pod for pod in pods if pod in burners and burners[pod].runs()]
        if not burning:
            return FaultState("unknown", f"no pod of {self._at} has its busy loops yet")
        return FaultState("active", f"busy loops run in {', '.join(burning)}")


class _Burner:
    """The busy loops in one pod: the `kubectl exec` that started them, and their process group in the pod."""

    def __init__(self, target: Target, pod: str, text: str) -> None:
        self._target, self._pod, self._text = target, pod, text
        self._process: subprocess.Popen[str] | None = None
        self._group = ""

    def start(self, workers: int, max_s: float) -> None:
        """Returns when the loops run. Raises PlatformError when the pod does not start them within START_S."""
        platform, shell = self._target.platform, self._target.platform.shell()
        command = ["timeout", "-k", "1", f"{max_s:g}", "sh", "-c", BURN, str(workers)]
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
        reader = threading.Thread(target=self._read_group, args=(process,), daemon=True)
        reader.start()
        reader.join(START_S)
        if not self._group.isdecimal():
            why = self._group or f"no output within {START_S:g} s"
            raise PlatformError(f"fault `{self._text}`: pod {self._pod} did not start the busy loops: {why}")

    def _read_group(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout as output:  # closed after its first line: the loops print nothing else
            self._group = output.readline().strip()

    def runs(self) -> bool:
        """Whether the loops run: `kubectl exec` ends with them, and with their container."""
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the loops in the pod, since they outlive `kubectl exec`, then the exec. A deleted pod has none left."""
        if self._group.isdecimal():
            self._kill_in_pod()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _kill_in_pod(self) -> None:
        platform = self._target.platform
        command = ("--", "sh", "-c", f"kill -KILL -{self._group}")
        done = platform.kubectl("exec", self._pod, "-n", platform.namespace, *command)
        gone = "not found" in done.stderr or "No such process" in done.stderr
        if done.status and not gone:
            raise PlatformError(f"fault `{self._text}`: pod {self._pod} still runs it: {done.stderr.strip()}")

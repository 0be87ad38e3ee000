"""Any Chaos Toolkit extension's action as a fault, and another (or the same) as its revert."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

from harness.errors import BindingError, MachineError, PlatformError
from harness.faults.base import Parameter, Parameters, Revert, Running, Target

LIMIT_S = 60.0
REVERT = "revert_"
RUN = """
import json, sys
from chaoslib.activity import ensure_activity_is_valid, run_activity
activity = json.load(sys.stdin)
ensure_activity_is_valid(activity)
print(json.dumps(run_activity(activity, {}, {}), default=str))
"""


class ChaosToolkit:
    """`action: MODULE.FUNCTION` with its arguments; `revert: MODULE.FUNCTION` with those that begin with `revert_`.

    `{namespace}` and `{at}` in an argument are filled in. It runs in a process of its own, with the operator's
    kubeconfig and nothing else of this machine's environment. Without `revert` nothing is taken back: the action's harm
    has to end by itself.
    """

    def __init__(self, at: str, parameters: Mapping[str, Parameter], max_duration_s: float) -> None:
        """Raises BindingError, and MachineError where chaostoolkit-lib is missing."""
        read = Parameters(at, "chaos-toolkit", parameters)
        self.text, self._at, self._max_s = read.text, at, max_duration_s
        self._action, self._back = read.word("action"), read.word("revert", "")
        given = read.rest()
        self._arguments = {key: value for key, value in given.items() if not key.startswith(REVERT)}
        self._revert_arguments = {
            key.removeprefix(REVERT): value for key, value in given.items() if key.startswith(REVERT)
        }
        if find_spec("chaoslib") is None:
            install = "pip install 'runbook-gameday[chaos]'"
            raise MachineError(f"fault `{self.text}`: the package chaostoolkit-lib is not installed: {install}")
        for action in filter(None, (self._action, self._back)):
            self._check(action)
        self._running: dict[int, Running] = {}

    def _check(self, action: str) -> None:
        module, _, function = action.rpartition(".")
        if not module or not function:
            raise BindingError(f"fault `{self.text}`: `{action}` is not MODULE.FUNCTION")
        package = module.partition(".")[0]
        if find_spec(package) is None:
            raise BindingError(f"fault `{self.text}`: there is no package {package}; install the extension")

    def revert(self, target: Target) -> Revert:
        def back() -> None:
            if self._back:
                self._run(target, self._back, self._revert_arguments)

        running = self._running[id(target.platform)] = Running(self._max_s, back)
        return Revert(f"{self._back or 'nothing'} for {self._action}", running.stop)

    def inject(self, target: Target) -> None:
        """Raises PlatformError with the action's words when it fails."""
        self._run(target, self._action, self._arguments)
        self._running[id(target.platform)].start()

    def _run(self, target: Target, action: str, arguments: Mapping[str, Parameter]) -> None:
        module, _, function = action.rpartition(".")
        provider = {"type": "python", "module": module, "func": function, "arguments": self._filled(target, arguments)}
        activity = {"type": "action", "name": action, "provider": provider}
        shell = target.platform.shell()
        env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
        env.update({name: shell.env[name] for name in ("HOME", "KUBECONFIG") if name in shell.env})
        try:
            done = subprocess.run(
                [sys.executable, "-c", RUN], input=json.dumps(activity), env=env, cwd=shell.cwd, capture_output=True,
                text=True, check=False, timeout=LIMIT_S, errors="replace", start_new_session=True,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise PlatformError(f"fault `{self.text}`: {action} did not end within {LIMIT_S:g} s") from None
        if done.returncode:
            words = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise PlatformError(f"fault `{self.text}`: {action} failed: {words}")

    def _filled(self, target: Target, arguments: Mapping[str, Parameter]) -> dict[str, Parameter]:
        known = {"{namespace}": target.platform.namespace, "{at}": self._at}

        def fill(value: Parameter) -> Parameter:
            for word, meaning in known.items():
                value = value.replace(word, meaning) if isinstance(value, str) else value
            return value

        return {key: fill(value) for key, value in arguments.items()}

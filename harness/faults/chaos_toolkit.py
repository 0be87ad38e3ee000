"""Runs an action of any Chaos Toolkit extension as a fault, and another one as its revert."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec

from harness.bindings import FaultSpec
from harness.errors import BindingError, MachineError, PlatformError
from harness.faults.base import FaultState, Injection, Target
from harness.faults.parameters import Parameter, Parameters
from harness.faults.timed_revert import TimedRevert
from harness.machine.platform_state import Shell

LIMIT_S = 60.0
REVERT = "revert_"
RUN = """
import json, sys
from chaoslib.activity import ensure_activity_is_valid, run_activity
activity = json.load(sys.stdin)
ensure_activity_is_valid(activity)
print(json.dumps(run_activity(activity, {}, {}), default=str))
"""
"""The program of the subprocess; chaoslib is imported there only."""


class ChaosToolkit:
    """Runs `action: MODULE.FUNCTION` with its arguments, and reverts by `revert: MODULE.FUNCTION` with the arguments
    that begin with `revert_`.

    `{namespace}` and `{at}` in an argument are replaced. An action runs in a subprocess with the operator's kubeconfig
    and nothing else of this machine's environment. Without `revert` the effect of the action has to end by itself.
    """

    def __init__(self, spec: FaultSpec) -> None:
        """Raises BindingError, and MachineError when chaostoolkit-lib is not installed."""
        self.text, self._at, self._max_s = spec.text, spec.at, spec.max_duration_s
        parameters = Parameters(spec)
        self._action, self._revert_action = parameters.string("action"), parameters.string("revert", "")
        rest = parameters.rest()
        self._arguments = {key: value for key, value in rest.items() if not key.startswith(REVERT)}
        self._revert_arguments = {
            key.removeprefix(REVERT): value for key, value in rest.items() if key.startswith(REVERT)
        }
        if find_spec("chaoslib") is None:
            install = "pip install 'runbook-gameday[chaos]'"
            raise MachineError(f"fault `{self.text}`: the package chaostoolkit-lib is not installed: {install}")
        for action in filter(None, (self._action, self._revert_action)):
            self._check(action)

    def _check(self, action: str) -> None:
        module, _, function = action.rpartition(".")
        if not module or not function:
            raise BindingError(f"fault `{self.text}`: `{action}` is not MODULE.FUNCTION")
        package = module.partition(".")[0]
        if find_spec(package) is None:
            raise BindingError(f"fault `{self.text}`: there is no package {package}; install the extension")

    def prepare(self, target: Target) -> Injection:
        revert = TimedRevert(self._max_s, lambda: self._revert(target))

        def apply() -> None:
            self._run(target, self._action, self._arguments)
            revert.start()

        text = f"{self._revert_action or 'nothing'} for {self._action}"
        return Injection(text, apply, revert.run, lambda: self._state(revert))

    def _state(self, revert: TimedRevert) -> FaultState:
        if revert.expired and self._revert_action:
            return FaultState("ended", f"{self._revert_action} reverted it after {self._max_s:g} s")
        return FaultState("unknown", f"{self._action} has no check")

    def _revert(self, target: Target) -> None:
        if self._revert_action:
            self._run(target, self._revert_action, self._revert_arguments)

    def _run(self, target: Target, action: str, arguments: Mapping[str, Parameter]) -> None:
        """Raises PlatformError with the last line of the action's stderr when it fails."""
        module, _, function = action.rpartition(".")
        filled = self._filled(target, arguments)
        provider = {"type": "python", "module": module, "func": function, "arguments": filled}
        activity = {"type": "action", "name": action, "provider": provider}
        try:
            done = _run_activity(activity, target.platform.shell())
        except subprocess.TimeoutExpired:
            raise PlatformError(f"fault `{self.text}`: {action} did not end within {LIMIT_S:g} s") from None
        if done.returncode:
            why = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}, no output"])[-1]
            raise PlatformError(f"fault `{self.text}`: {action} failed: {why}")

    def _filled(self, target: Target, arguments: Mapping[str, Parameter]) -> dict[str, Parameter]:
        values = {"{namespace}": target.platform.namespace, "{at}": self._at}

        def fill(argument: Parameter) -> Parameter:
            for name, value in values.items():
                argument = argument.replace(name, value) if isinstance(argument, str) else argument
            return argument

        return {key: fill(argument) for key, argument in arguments.items()}


def _run_activity(activity: Mapping[str, object], shell: Shell) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"}
    env.update({name: shell.env[name] for name in ("HOME", "KUBECONFIG") if name in shell.env})
    return subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(activity),
        env=env,
        cwd=shell.cwd,
        capture_output=True,
        text=True,
        check=False,
        timeout=LIMIT_S,
        errors="replace",
        start_new_session=True,
    )

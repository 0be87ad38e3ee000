"""Runs the kubectl of an operator's shell."""

from __future__ import annotations

import signal
import subprocess

from harness.machine.platform_state import CommandResult, Shell


def run_kubectl(shell: Shell, *argv: str, timeout_s: float) -> CommandResult:
    """Run kubectl to its end; after `timeout_s` it is ended, with status 124 and a note on stderr."""
    with subprocess.Popen(
        [f"{shell.path}/kubectl", *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, env={**shell.env, "PATH": shell.path}, cwd=shell.cwd, errors="replace", start_new_session=True,
    ) as process:  # fmt: skip
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            stdout, stderr = process.communicate()
            return CommandResult(124, stdout, f"{stderr}ended after {timeout_s:g} s\n")
    return CommandResult(process.returncode, stdout, stderr)

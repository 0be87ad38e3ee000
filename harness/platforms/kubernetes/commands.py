"""Runs docker, kind and kubectl; their output becomes part of error messages."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from harness.errors import MachineError, PlatformError

INSTALL = {
    "docker": "https://docs.docker.com/engine/install/",
    "kind": "https://kind.sigs.k8s.io/docs/user/quick-start/#installation",
    "kubectl": "https://kubernetes.io/docs/tasks/tools/",
}


def check(*names: str) -> None:
    """Raises MachineError that names all missing programs and where to get them."""
    missing = [f"{name} ({INSTALL[name]})" for name in names if shutil.which(name) is None]
    if missing:
        raise MachineError(f"missing on PATH: {', '.join(missing)}; install them, or use --platform local")


def check_docker() -> None:
    """Raises MachineError when no Docker engine answers."""
    done = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["no answer"])[-1]
        raise MachineError(f"docker: no engine answers: {why}; start it (e.g. `systemctl start docker`)")


def run(argv: Sequence[str], hint: str, *, stdin: str | bytes | None = None) -> str:
    """Run a command and return its stdout. Raises PlatformError with its last lines and the hint.

    The command has a session of its own, so Ctrl-C does not interrupt it: an engine completes a request whose client
    has ended, and the result would be left behind.
    """
    check(argv[0])
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            stdout, stderr = process.communicate(stdin.encode() if isinstance(stdin, str) else stdin)
        except KeyboardInterrupt:
            process.communicate()
            raise
    if process.returncode:
        lines = (stderr or stdout).decode(errors="replace").strip().splitlines()
        end = "\n".join(lines[-8:])
        raise PlatformError(f"`{' '.join(argv)}` failed with status {process.returncode}: {end}\n{hint}")
    return stdout.decode(errors="replace")

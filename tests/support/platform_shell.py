"""Run a command in the shell that a platform gives to an operator."""

from __future__ import annotations

import subprocess

from harness.platforms.base import Platform


def in_shell(platform: Platform, command: str) -> subprocess.CompletedProcess[str]:
    """Run `command` with the platform's bash, PATH, environment and working directory; return its output and status."""
    shell = platform.shell()
    env = {**shell.env, "PATH": shell.path}
    return subprocess.run(
        [f"{shell.path}/bash", "-c", command], env=env, cwd=shell.cwd, capture_output=True, text=True, check=False
    )

"""Takes a program out of a container image, to run it on this machine as one that is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.errors import MachineError

OPTION = "--prometheus-image"
HINT = f"name an image that is here or can be pulled, such as {OPTION} prom/prometheus:v2.55.1"


def program_of(image: str, name: str) -> Path:
    """The program /bin/NAME of an image, in the user's cache; a missing image is pulled, the first time.

    Raises MachineError without docker or the image, without the program in it, and if it does not run on this machine.
    """
    if shutil.which("docker") is None:
        raise MachineError(f"{OPTION}: no `docker` is on PATH; install it, or name a program by --prometheus FILE")
    with _container(image) as container:
        identity = _docker(image, "inspect", "--format={{.Image}}", container).strip()
        found = _cache() / f"{name}-{identity.removeprefix('sha256:')[:12]}"
        if not found.exists():
            _copy(image, f"{container}:/bin/{name}", found)
    return found


def _copy(image: str, source: str, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_suffix(f".{os.getpid()}")
    try:
        _docker(image, "cp", "--follow-link", source, str(new))
        _check_runs(image, new)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)


def _check_runs(image: str, program: Path) -> None:
    """An image may be for another processor, and its program may need libraries that this machine lacks."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise MachineError(f"{OPTION} {image}: its program does not run on this machine: {error}; {HINT}") from None
    if done.returncode:
        raise MachineError(f"{OPTION} {image}: its program does not run on this machine: {_end(done.stderr)}; {HINT}")


@contextmanager
def _container(image: str) -> Iterator[str]:
    """A container of an image that never runs; its id."""
    made = _docker(image, "create", "--", image, "never-started").split()[-1]
    try:
        yield made
    finally:
        _docker(image, "rm", made)


def _docker(image: str, *words: str) -> str:
    """What docker wrote to stdout. Raises MachineError that names the image."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MachineError(f"{OPTION} {image}: docker {words[0]}: {_end(done.stderr)}; {HINT}")
    return done.stdout


def _end(text: str) -> str:
    return (text.strip().splitlines() or ["it wrote nothing"])[-1]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "runbook-gameday"

"""Timed runs with their phases, shown beside those of a peer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import zip_longest
from pathlib import Path

GRACE_S = 10.0
_WIDTH = 34


@dataclass(frozen=True)
class Phase:
    """One part of a run, and its duration."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Run:
    """One run from its first command to the end of its last; `why` is its result or the cause of its failure."""

    who: str
    seconds: float
    phases: tuple[Phase, ...]
    ok: bool
    why: str

    def to_json(self) -> dict[str, object]:
        """Return the run as JSON."""
        return asdict(self)


class UnusableError(Exception):
    """The environment lacks something; the message says what, and what to do."""


def side_by_side(left: Run, right: Run) -> str:
    """Return a table of both runs' phases, with their totals."""
    rows = [(f"  {left.who:<{_WIDTH}}    {right.who}")]
    for one, other in zip_longest(_rows(left), _rows(right), fillvalue=""):
        rows.append(f"  {one:<{_WIDTH}}    {other}".rstrip())
    return "\n".join(rows) + "\n"


def _rows(run: Run) -> list[str]:
    phases = [*run.phases, Phase("total", run.seconds)]
    return [f"{phase.name:<{_WIDTH - 10}} {phase.seconds:7.1f} s" for phase in phases]


def call(
    argv: Sequence[str], limit_s: float, cwd: Path, env: Mapping[str, str] | None = None, *, progress: bool = False
) -> tuple[int, str, str]:
    """Run a command in its own process group; return status, stdout and stderr.

    After `limit_s`, or when this process gets SIGINT or SIGTERM, it gets SIGINT; then its group is killed.
    `progress`: its stderr is shown instead of returned.
    """
    with _interrupted_by_sigterm() as allow_interrupt:
        process = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=None if progress else subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        try:
            allow_interrupt()
            stdout, stderr = process.communicate(timeout=max(limit_s, 0.1))
        except subprocess.TimeoutExpired:
            stdout, stderr = _end(process)
        except BaseException:
            _end(process)
            raise
    return process.returncode, stdout, stderr or ""


@contextmanager
def _interrupted_by_sigterm() -> Iterator[Callable[[], None]]:
    """Raise SystemExit for SIGTERM, which by default ends this process and leaves the command running.

    Not before the function that is given has been called: a command that is just being started would be left running.
    """
    received, allowed = list[int](), list[bool]()

    def end() -> None:
        if received and allowed:
            sys.exit(128 + received[0])

    def receive(number: int, _: object) -> None:
        received.append(number)
        end()

    def allow() -> None:
        allowed.append(True)
        end()

    before = signal.signal(signal.SIGTERM, receive)
    try:
        yield allow
    finally:
        signal.signal(signal.SIGTERM, before)


def _end(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    try:
        return process.communicate(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        return "", f"it did not end within {GRACE_S:.0f} s of Ctrl-C and was killed"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

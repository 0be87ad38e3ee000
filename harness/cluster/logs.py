"""Reads a container's log file: its last lines, its lines since a time, and new lines as they are written."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import BinaryIO

from harness.cluster.state import Run

POLL_S = 0.03
LAST_LINES, LINE_CHARACTERS = 5, 300


async def read(run: Run, *, follow: bool, tail: int | None, since_s: float | None) -> AsyncIterator[bytes]:
    """The lines of a log, with their newlines; with `follow`, until the container has ended.

    `tail`: number of last lines; `since_s`: only lines of the last seconds.
    """
    with run.log.open("rb") as file:
        lines, rest = _whole_lines(b"", file)
        for line in _select(run, lines, tail, since_s):
            yield line
        while follow:
            ended = run.ended_s is not None  # read before the file, so that its last lines are not missed
            lines, rest = _whole_lines(rest, file)
            for line in lines:
                yield line
            if ended:
                break
            await asyncio.sleep(0 if lines else POLL_S)
        if rest:
            yield rest


def last_lines(log: Path) -> str:
    """The end of a log for an error message."""
    written = log.read_text(encoding="utf-8", errors="replace").splitlines()
    lines = [line[:LINE_CHARACTERS] for line in written[-LAST_LINES:]]
    return "\n  ".join(["its last lines:", *lines]) if lines else "it logged nothing"


def _whole_lines(rest: bytes, file: BinaryIO) -> tuple[list[bytes], bytes]:
    """The complete lines that were appended, and the incomplete line at the end."""
    lines = (rest + file.read()).splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        return lines[:-1], lines[-1]
    return lines, b""


def _select(run: Run, lines: list[bytes], tail: int | None, since_s: float | None) -> Iterable[bytes]:
    selected = lines if since_s is None else _since(run, lines, time.time() - since_s)
    return selected if tail is None or tail < 0 else deque(selected, maxlen=tail)


def _since(run: Run, lines: list[bytes], moment_s: float) -> list[bytes]:
    """The lines since an epoch time. A line without a time has that of the line before it; before the first one with a
    time, that at which it was first seen in the file."""
    selected, end, newest = [], 0, None
    for line in lines:
        end += len(line)
        newest = _time(line) or newest
        if (newest or run.written_s(end)) >= moment_s:
            selected.append(line)
    return selected


def _time(line: bytes) -> float | None:
    try:
        return datetime.datetime.fromisoformat(json.loads(line)["time"]).timestamp()
    except (ValueError, KeyError, TypeError):
        return None

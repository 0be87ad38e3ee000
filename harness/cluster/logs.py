"""Reads a container's log file: the last lines, the lines since a moment, and what is written from now on."""

from __future__ import annotations

import asyncio
import datetime
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import BinaryIO

from harness.cluster.state import Run

POLL_S = 0.03


async def read(run: Run, *, follow: bool, tail: int | None, since_s: float | None) -> AsyncIterator[bytes]:
    """Lines with their newline, in the order of arrival; with `follow` until the container has ended."""
    with run.log.open("rb") as file:
        lines, rest = _whole_lines(b"", file)
        for line in _chosen(lines, tail, since_s):
            yield line
        while follow:
            over = run.ended_s is not None  # looked at before the file, so that its last lines are not missed
            lines, rest = _whole_lines(rest, file)
            for line in lines:
                yield line
            if over:
                break
            await asyncio.sleep(0 if lines else POLL_S)
        if rest:
            yield rest


def _whole_lines(rest: bytes, file: BinaryIO) -> tuple[list[bytes], bytes]:
    """What was appended, as whole lines, and the begun line at its end."""
    lines = (rest + file.read()).splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):
        return lines[:-1], lines[-1]
    return lines, b""


def _chosen(lines: list[bytes], tail: int | None, since_s: float | None) -> Iterable[bytes]:
    chosen = lines if since_s is None else _since(lines, time.time() - since_s)
    return chosen if tail is None or tail < 0 else deque(chosen, maxlen=tail)


def _since(lines: list[bytes], moment_s: float) -> list[bytes]:
    """From `moment_s` on; a line that carries no time is as old as the one before it."""
    newest = 0.0
    chosen = []
    for line in lines:
        newest = _time(line) or newest
        if newest >= moment_s:
            chosen.append(line)
    return chosen


def _time(line: bytes) -> float | None:
    try:
        return datetime.datetime.fromisoformat(json.loads(line)["time"]).timestamp()
    except (ValueError, KeyError, TypeError):
        return None

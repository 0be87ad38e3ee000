"""Run wrk (Debian's package `wrk`) at full speed, closed: the lower bound of the cost of a request."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child

SCRIPT = ROOT / "benchmarks" / "parts" / "wrk.lua"
INSTALL = "apt-get install wrk"
CONNECTIONS = 20
EXAMPLE_REQUESTS = 1
"""Number of requests that wrk gets from a script without sending them, to detect pipelining."""


def find() -> str | None:
    """Return the path of the binary, None without one."""
    return shutil.which("wrk")


def read_report(text: str) -> dict[str, Any]:
    """Return the last JSON line of `wrk.lua`. Raises ValueError when there is none."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise ValueError(f"wrk printed no report: {text.strip()[-500:]}")
    read: dict[str, Any] = json.loads(lines[-1])
    return read


def full_speed(url: str, duration_s: float, folder: Path) -> Outcome:
    """Run one thread with 20 connections."""
    command = [find() or "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(duration_s))}s", "-s", str(SCRIPT), url]
    with Child(command, folder) as child:
        usage = child.wait(duration_s + 10)
    printed = read_report((folder / "log").read_text())
    sent = printed["begun"] - EXAMPLE_REQUESTS
    p50, p95, p99 = (printed[f"{name}_us"] / 1e3 for name in ("p50", "p95", "p99"))
    return Outcome(
        due=sent, sent=sent, lost=sent - printed["answered"], unfinished=0, bad=printed["wrong"] + printed["errors"],
        late=None, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

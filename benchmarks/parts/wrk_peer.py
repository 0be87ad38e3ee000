"""Runs wrk (Debian's package `wrk`): closed, as fast as the server answers: the floor of what a request costs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child

SCRIPT = ROOT / "benchmarks" / "parts" / "wrk.lua"
CONNECTIONS = 20
EXAMPLE_REQUESTS = 1
"""wrk asks each script for one request that it does not send, to see whether it pipelines."""


def find() -> str | None:
    """The binary on PATH."""
    return shutil.which("wrk")


def read_report(text: str) -> dict[str, Any]:
    """The JSON line that `wrk.lua` wrote last. Raises ValueError when there is none."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise ValueError(f"wrk did not report: {text.strip()[-500:]}")
    read: dict[str, Any] = json.loads(lines[-1])
    return read


def full_speed(url: str, duration_s: float, folder: Path) -> Outcome:
    """One thread with 20 connections."""
    command = [find() or "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(duration_s))}s", "-s", str(SCRIPT), url]
    with Child(command, folder) as child:
        usage = child.wait(duration_s + 10)
    said = read_report((folder / "log").read_text())
    sent = said["begun"] - EXAMPLE_REQUESTS
    p50, p95, p99 = (said[f"{name}_us"] / 1e3 for name in ("p50", "p95", "p99"))
    return Outcome(
        due=sent, sent=sent, lost=sent - said["answered"], unfinished=0, bad=said["wrong"] + said["errors"], late=None,
        p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

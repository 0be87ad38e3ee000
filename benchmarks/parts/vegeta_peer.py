"""Run vegeta (`go install github.com/tsenart/vegeta/v12@v12.13.0`) at a constant rate, and read its report.

vegeta has no place for code of a user: it sends one of the prepared bodies per arrival, and checks the status only.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.parts import work
from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import Child

INSTALL = "go install github.com/tsenart/vegeta/v12@v12.13.0"
BODIES = 1000
"""Number of prepared requests, which vegeta sends in turn."""
END_LIMIT_S = 40.0


def find() -> str | None:
    """Return the path of the binary, on PATH or where `go install` puts it; None without one."""
    in_go = Path(os.environ.get("GOBIN") or Path(os.environ.get("GOPATH") or Path.home() / "go") / "bin") / "vegeta"
    return shutil.which("vegeta") or (str(in_go) if in_go.exists() else None)


def targets(url: str) -> str:
    """Return the prepared requests in vegeta's JSON format, one a line."""
    header = {name: [value] for name, value in work.HEADERS.items()}
    bodies = (base64.b64encode(work.body(number)).decode() for number in range(BODIES))
    lines = (json.dumps({"method": "POST", "url": url + work.PATH, "header": header, "body": body}) for body in bodies)
    return "".join(f"{line}\n" for line in lines)


def arrivals(url: str, rate_per_s: float, duration_s: float, folder: Path) -> Outcome:
    """Run a constant rate; CPU is that of the attack alone, which writes its results in vegeta's binary form."""
    (folder / "targets").write_text(targets(url))
    results = folder / "results"
    command = [
        find() or "vegeta", "attack", "-format", "json", "-targets", str(folder / "targets"),
        "-rate", f"{round(rate_per_s * 1000)}/1000s", "-duration", f"{duration_s:g}s", "-output", str(results),
    ]  # fmt: skip
    with Child(command, folder) as child:
        usage = child.wait(duration_s + END_LIMIT_S)
    report = subprocess.run(
        [command[0], "report", "-type", "json", str(results)], capture_output=True, text=True, check=True, timeout=60
    )
    read: dict[str, Any] = json.loads(report.stdout)
    sent, good = int(read["requests"]), int(read["status_codes"].get("200", 0))
    p50, p95, p99 = (read["latencies"][name] / 1e6 for name in ("50th", "95th", "99th"))
    return Outcome(
        due=round(rate_per_s * duration_s), sent=sent, lost=0, unfinished=0, bad=sent - good, late=None,
        p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

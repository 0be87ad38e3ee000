"""VIF estimates from earlier runs in the same output folder, by scenario, rate and objective."""

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
"""Services change, so only the latest runs count."""
_STEADY = ("before", "control_before", "after", "after_revert")
"""Measurements of a drill in a steady state."""


@dataclass(frozen=True)
class SteadyWindow:
    """A steady window of an earlier drill that is long enough to measure a VIF."""

    scenario: str
    rate: float
    objective: str
    vif: float
    seconds: float


@dataclass(frozen=True)
class History:
    """The steady windows of the latest runs; none: no VIF is known."""

    windows: Sequence[SteadyWindow] = ()

    def known(self, scenario: str, rate: float | None, objective: str) -> VifEstimate:
        """The VIF estimate of an objective under a load; `rate` in arrivals per second, None: the scenario's own."""
        known = UNKNOWN
        for window in self.windows:
            if (window.scenario, window.rate, window.objective) == (scenario, rate or 0.0, objective):
                known = known.also(window.vif, window.seconds)
        return known


def history_beside(out: Path, platform: str) -> History:
    """The history for a run into `out`, from the finished runs in the same folder.

    Results that cannot be read, of another platform, format version or VIF method are left out.
    """
    results = [path for path in out.parent.glob(f"*/{RESULT}") if path.parent != out]
    latest = sorted(results, key=lambda path: path.stat().st_mtime, reverse=True)[:MOST_RUNS]
    return History([window for path in latest for window in _windows(path, platform)])


def _windows(path: Path, platform: str) -> Iterator[SteadyWindow]:
    try:
        result = json.loads(path.read_bytes())
        if (result["version"], result["platform"], result["vif_method"]) == (VERSION, platform, VIF_METHOD):
            yield from [window for drill in result["drills"] for window in _of_drill(drill)]
    except (OSError, ValueError, KeyError, TypeError):
        return


def _of_drill(drill: Mapping[str, Any]) -> Iterator[SteadyWindow]:
    load = drill["load"]
    for slo in drill["slos"]:
        for reading in (slo[part] for part in _STEADY):
            vif = reading.get("measured_vif")
            if vif is not None and reading["seconds"] >= MIN_S:
                load_and_slo = str(load["scenario"]), float(load["rate"]), str(slo["objective"])
                yield SteadyWindow(*load_and_slo, float(vif), float(reading["seconds"]))

"""VIF estimates from earlier runs in the same output folder, by scenario, rate and objective."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.stats.hazard import EarlierRuns
from harness.stats.inflation import UNKNOWN, VIF_METHOD, VifEstimate
from harness.stats.sequential import MIN_S
from harness.verdict.gameday import RESULT_VERSION

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
class Exposure:
    """An earlier incident without a response: the fault, its seconds on the control, and whether it ended by itself."""

    fault: str
    seconds: float
    ended: bool


@dataclass(frozen=True)
class Observation:
    """For how long the control of an earlier drill had to be observed, for its recovery to be credited."""

    drill: str
    fault: str
    needed_s: float


@dataclass(frozen=True)
class History:
    """The steady windows, incidents and observations of the latest runs; none: nothing is known."""

    windows: Sequence[SteadyWindow] = ()
    exposures: Sequence[Exposure] = ()
    observations: Sequence[Observation] = ()

    def needed_s(self, drill: str, fault: str) -> list[float]:
        """For how long the control of each earlier run of a drill with this fault had to be observed, in seconds."""
        return [each.needed_s for each in self.observations if (each.drill, each.fault) == (drill, fault)]

    def without_response(self, fault: str) -> EarlierRuns:
        """The exposure to a fault, given as in a drill's header, on the controls of earlier runs."""
        known = [each for each in self.exposures if each.fault == fault]
        return EarlierRuns(sum(each.seconds for each in known), sum(each.ended for each in known))

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
    found = [_of_result(path, platform) for path in latest]
    return History(
        [each for one in found for each in one.windows],
        [each for one in found for each in one.exposures],
        [each for one in found for each in one.observations],
    )


def _of_result(path: Path, platform: str) -> History:
    """What a result says of its drills; nothing if it cannot be read or used."""
    try:
        result = json.loads(path.read_bytes())
        if (result["version"], result["platform"], result["vif_method"]) != (RESULT_VERSION, platform, VIF_METHOD):
            return History()
        drills = result["drills"]
        return History(
            [each for drill in drills for each in _of_drill(drill)],
            [each for drill in drills for each in _exposure(drill)],
            [each for drill in drills for each in _observation(drill)],
        )
    except (OSError, ValueError, KeyError, TypeError):
        return History()


def _exposure(drill: Mapping[str, Any]) -> Iterator[Exposure]:
    credit = drill["credit"]
    if credit is not None:
        yield Exposure(str(drill["fault"]), float(credit["control_age_s"]), bool(credit["self_healed"]))


def _observation(drill: Mapping[str, Any]) -> Iterator[Observation]:
    needed_s = (drill["credit"] or {}).get("needed_s")  # older results do not have it
    if needed_s is not None:
        yield Observation(str(drill["runbook"]), str(drill["fault"]), float(needed_s))


def _of_drill(drill: Mapping[str, Any]) -> Iterator[SteadyWindow]:
    load = drill["load"]
    for slo in drill["slos"]:
        for reading in (slo[part] for part in _STEADY):
            vif = reading.get("measured_vif")
            if vif is not None and reading["seconds"] >= MIN_S:
                load_and_slo = str(load["scenario"]), float(load["rate"]), str(slo["objective"])
                yield SteadyWindow(*load_and_slo, float(vif), float(reading["seconds"]))

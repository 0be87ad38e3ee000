"""The load of a drill, as its bindings describe it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from harness.bindings import RunbookBinding
from harness.load.base import Load
from harness.load.declaration import write_declaration
from harness.load.job import JobLoad, runs_jobs
from harness.load.scenario import Scenario, scenario_of
from harness.load.worker import FAST_WORKER, LOCUST, WorkerLoad
from harness.plan import DrillPlan
from harness.platforms.base import Platform

SEED = 1
"""Seed of the arrivals: every run has the same schedule."""
DEFAULT_THRESHOLD_MS = 500.0


def make_load(
    drill: DrillPlan,
    platform: Platform,
    folder: Path,
    beside: Path,
    workers: int | None,
    more_settings: Mapping[str, str] | None = None,
) -> Load:
    """The load on one side of a drill, logging to `load.log` in `folder`; scenario files are relative to `beside`.

    With `workers` and a platform that can run Jobs, that many workers in the platform's cluster generate it.
    `more_settings`: further variables of the scenario.
    """
    assert drill.binding is not None
    settings, log = {**load_settings(drill, platform), **(more_settings or {})}, folder / "load.log"
    if workers and runs_jobs(platform):
        service = drill.binding.service
        address = f"http://{service}:{platform.services()[service][0]}"  # the name that the cluster's DNS knows
        return JobLoad(drill.binding.scenario, {**settings, "GAMEDAY_HOST": address}, workers, platform, log)
    scenario = scenario_of(drill.binding, beside)
    settings |= scenario_settings(drill.binding, scenario, folder)
    return WorkerLoad(scenario.file, settings, log, LOCUST if scenario.locustfile else FAST_WORKER)


def scenario_settings(binding: RunbookBinding, scenario: Scenario, folder: Path) -> dict[str, str]:
    """The further variables of a load of the bindings, whose files are written into `folder`, or of a locustfile."""
    if binding.load:
        return write_declaration(binding.load, binding.rate, folder)
    if not scenario.locustfile:
        return {}
    assert binding.users is not None, "part_problems names a locustfile without users"
    return {"GAMEDAY_USERS": f"{binding.users}", "GAMEDAY_SPAWN_RATE": f"{binding.spawn_rate or binding.users:g}"}


def load_settings(drill: DrillPlan, platform: Platform) -> dict[str, str]:
    """The GAMEDAY_* variables of a scenario; docs/reference/contracts.md documents them."""
    binding = drill.binding
    assert binding is not None
    thresholds_ms = {condition.over_ms for condition in drill.conditions if condition.over_ms is not None}
    settings = {
        "GAMEDAY_HOST": platform.url(binding.service),
        "GAMEDAY_SEED": str(SEED),
        "GAMEDAY_THRESHOLDS_MS": ",".join(f"{ms:g}" for ms in sorted(thresholds_ms) or [DEFAULT_THRESHOLD_MS]),
    }
    return settings if binding.rate is None else {**settings, "GAMEDAY_RATE": f"{binding.rate:g}"}

"""Choose the driver of a scenario."""

from __future__ import annotations

from typing import Protocol

from scenarios.generator.declare import HttpScenario, Scenario, WebSocketScenario
from scenarios.generator.plan import Plan
from scenarios.generator.report import Report

from .engine import Engine, StatisticsSink


class Driver(Protocol):
    """Makes the arrivals of one run."""

    def follow(self, plan: Plan) -> None:
        """Start, or continue with another plan. Raises ValueError for an unusable schedule."""

    def aim(self, host: str) -> None:
        """Open new connections to another host from now on. Raises ValueError for an unusable one."""

    def drain(self) -> None:
        """Start no further arrivals; outstanding ones continue."""

    def busy(self) -> bool:
        """Return whether any arrival is outstanding."""

    def stop(self) -> None:
        """End the run; outstanding arrivals count as unfinished."""


def driver_of(
    engine: Engine, scenario: Scenario, report: Report, statistics: StatisticsSink, host: str, index: int
) -> Driver:
    """Return the driver for worker `index`, importing its protocol only. Raises ValueError for an unusable host."""
    if isinstance(scenario, HttpScenario):
        from .http import HttpDriver  # noqa: PLC0415

        return HttpDriver(engine, scenario, report, statistics, host, index)
    assert isinstance(scenario, WebSocketScenario), "there are these two kinds"
    from .websocket import WebSocketDriver  # noqa: PLC0415

    return WebSocketDriver(engine, scenario, report, statistics, host, index)

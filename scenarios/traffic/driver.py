"""The driver of a scenario, whatever it declares."""

from __future__ import annotations

from typing import Protocol

from scenarios.generator.declare import HttpScenario, Scenario, WebSocketScenario
from scenarios.generator.plan import Plan
from scenarios.generator.report import Report

from .engine import Books, Engine


class Driver(Protocol):
    """What makes the arrivals of one run."""

    def follow(self, plan: Plan) -> None:
        """Begins, or goes on by another plan. Raises ValueError for a schedule that cannot be used."""

    def aim(self, host: str) -> None:
        """New connections go to another host from now on. Raises ValueError for one that cannot be used."""

    def drain(self) -> None:
        """Begins nothing any more; what is outstanding goes on."""

    def busy(self) -> bool:
        """Whether anything is outstanding."""

    def stop(self) -> None:
        """Ends the run; what is outstanding is unfinished."""


def driver_of(engine: Engine, scenario: Scenario, report: Report, books: Books, host: str, index: int) -> Driver:
    """For worker `index`. Raises ValueError for a host that cannot be used. Who sends no websockets imports none."""
    if isinstance(scenario, HttpScenario):
        from .http import HttpDriver  # noqa: PLC0415

        return HttpDriver(engine, scenario, report, books, host, index)
    assert isinstance(scenario, WebSocketScenario), "there are these two kinds"
    from .websocket import WebSocketDriver  # noqa: PLC0415

    return WebSocketDriver(engine, scenario, report, books, host, index)

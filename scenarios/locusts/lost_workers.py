"""Find a lost worker within 3 s, and count the arrivals of its share until the others send it."""

from __future__ import annotations

import logging

import locust.runners
from locust.env import Environment
from locust.runners import MasterRunner

from scenarios.generator import clock
from scenarios.generator.plan import Plan
from scenarios.generator.statistics import MISSING_ROW

from .statistics_events import log_outside_totals

logger = logging.getLogger(__name__)

HEARTBEAT_S = 0.5
"""Seconds between two heartbeats of a worker; the fast worker sends them as often. locust's own second finds a lost
worker after 4 to 5 s."""


def beat_often() -> None:
    """Let the master miss a silent worker after five intervals of `HEARTBEAT_S`, and drop it after a minute."""
    locust.runners.HEARTBEAT_INTERVAL = HEARTBEAT_S  # type: ignore[assignment]
    locust.runners.HEARTBEAT_DEAD_INTERNAL = round(-60 / HEARTBEAT_S)


class Missing:
    """Counts arrivals that a worker should have sent or reported after its last report, on the master."""

    def __init__(self, environment: Environment, of_connections: bool) -> None:
        """`of_connections`: the workers share websocket connections, which the others open again."""
        self._environment, self._of_connections = environment, of_connections
        self._reported_s: dict[str, float] = {}

    def reported(self, client_id: str, **_: object) -> None:
        """Note that a worker has reported its counts now."""
        self._reported_s[client_id] = clock.epoch_s(clock.now())

    def count(self, client_id: str, plan: Plan, others: int, until_s: float, outstanding: int) -> None:
        """Count what a worker leaves out: arrivals without a reported outcome, and its share until `until_s`.

        `plan` is the one that it followed; from `until_s` on, an epoch time, the others send its share.
        """
        runner = self._environment.runner
        assert isinstance(runner, MasterRunner), "workers belong to a master"
        fact = f"worker {client_id} (index {runner.get_worker_index(client_id)}) is gone"  # type: ignore[no-untyped-call]
        if self._of_connections:
            logger.warning("%s: the %d others open its share of the connections", fact, others)
            return
        since_s = max(plan.from_epoch_s, self._reported_s.pop(client_id, plan.from_epoch_s))
        arrivals = outstanding + round(plan.expected(since_s, until_s))
        logger.warning(
            "%s: about %d arrivals are missing: %d that were outstanding in its last report, and those due in the "
            "%.1f s after it; the %d others send its share from then on",
            fact, arrivals, outstanding, max(0.0, until_s - since_s), others,
        )  # fmt: skip
        for _ in range(arrivals):
            log_outside_totals(self._environment, MISSING_ROW, 0.0)

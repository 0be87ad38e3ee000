"""Show in locust's statistics, during a hang too, how many arrivals are outstanding and that the rate falls."""

from __future__ import annotations

import gevent
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, WORKER_REPORT_INTERVAL, MasterRunner
from locust.stats import StatsEntry

from scenarios.generator import clock
from scenarios.generator.row import Wire
from scenarios.generator.statistics import OUTSTANDING, OUTSTANDING_ROW

TICK_S = 1.0
REPORT_LAG_S = 0.5


class Outstanding:
    """Keeps one row equal to the arrivals that are outstanding now, over all workers."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._rows: dict[str, Wire] = {}

    def reported(self, client_id: str, data: dict[str, object], **_: object) -> None:
        """Take the row from the report of a worker."""
        row = data.get(OUTSTANDING)
        if isinstance(row, dict):
            self.update(client_id, row)

    def update(self, client_id: str, row: Wire) -> None:
        """Replace what is known of one worker."""
        self._rows[client_id] = row
        self._write()

    def forget(self, client_id: str) -> int:
        """Leave out a worker that is gone; return how many arrivals of its last report were outstanding."""
        row = self._rows.pop(client_id, None)
        if row is None:
            return 0
        self._write()
        return int(str(row["num_requests"]))

    def _write(self) -> None:
        method, name = OUTSTANDING_ROW
        stats = self._environment.stats
        entry = stats.entries[name, method]
        entry.reset()  # type: ignore[no-untyped-call]
        for row in self._rows.values():
            entry.extend(StatsEntry.unserialize(row, stats))  # type: ignore[arg-type]


def let_rates_fall(environment: Environment) -> None:
    """Move the end of locust's window of current rates with the clock, until killed.

    locust ends the window at the last arrival that ended, so in a hang its rates would stay as they were. On a master
    the window ends before the reports that are on their way.
    """
    runner = environment.runner
    lag_s = WORKER_REPORT_INTERVAL + REPORT_LAG_S if isinstance(runner, MasterRunner) else 0.0
    while True:
        gevent.sleep(TICK_S)
        total = environment.stats.total
        if runner is not None and runner.state in (STATE_RUNNING, STATE_SPAWNING) and total.last_request_timestamp:
            total.last_request_timestamp = max(total.last_request_timestamp, clock.epoch_s(clock.now()) - lag_s)

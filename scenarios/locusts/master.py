"""The locust master of a scenario: counts what a lost worker leaves out, and waits for the workers when it quits."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from locust.env import Environment
from locust.rpc import Message
from locust.runners import STATE_MISSING, MasterRunner

from scenarios.generator.plan import Plan

from .dispatch import Gone
from .lost_workers import Missing
from .outstanding import Outstanding, let_rates_fall

CHECK_S = 0.05
REPORT_LIMIT_S = 5.0
"""Time for the last reports, after the `--stop-timeout` in which arrivals may end."""


def lead(environment: Environment, runner: MasterRunner, of_connections: bool) -> Gone:
    """Prepare a master; return what its dispatcher calls for a worker that left. `of_connections`: websockets."""
    missing, outstanding = Missing(environment, of_connections), Outstanding(environment)
    for listener in (missing.reported, outstanding.reported):
        environment.events.worker_report.add_listener(listener)  # type: ignore[no-untyped-call]
    gevent.spawn(let_rates_fall, environment)
    runner.quit = Quit(runner)  # type: ignore[method-assign]

    def gone(client_id: str, plan: Plan, others: int, until_s: float) -> None:
        missing.count(client_id, plan, others, until_s, outstanding.forget(client_id))

    return gone


class Quit:
    """Quit of a master that first waits until its workers have drained and reported; locust waits for 0.5 s only."""

    def __init__(self, runner: MasterRunner) -> None:
        self._runner = runner
        self._quit: Callable[[], None] = runner.quit
        self._begun = False

    def __call__(self) -> None:
        """End the run and all workers, then the runner. Idempotent."""
        if not self._begun:
            self._begun = True
            self._await_workers()
        self._quit()

    def _await_workers(self) -> None:
        runner = self._runner
        runner.stop(send_stop_to_client=False)
        for client in runner.clients.all:
            runner.server.send_to_client(Message("quit", None, client.id))  # type: ignore[no-untyped-call]
        with gevent.Timeout(runner.environment.stop_timeout + REPORT_LIMIT_S, False):
            while any(client.state != STATE_MISSING for client in runner.clients.all):
                gevent.sleep(CHECK_S)

"""Distribute the plan of a run: each worker gets one user and its share of the plan, however many users are set."""

from __future__ import annotations

from collections.abc import Callable

import gevent
from locust import User
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerNode

from scenarios.generator import clock
from scenarios.generator.plan import OPTION, Plan

LEAD_S = 0.5
"""Workers receive a plan this long before it applies, so that all of them switch at the same instant."""

CHECK_S = 0.05
UNDER_WAY = (STATE_SPAWNING, STATE_RUNNING)

Gone = Callable[[str, Plan, int, float], object]
"""Is called with the id of a worker that left a run, the plan so far, the number of other workers, and the epoch time
from which they send its share."""


class PlanDispatcher(UsersDispatcher):
    """Dispatcher of one run: each dispatch (start, edit, worker that joins or leaves) sends one plan to all workers."""

    def __init__(
        self, environment: Environment, gone: Gone, worker_nodes: list[WorkerNode], user_classes: list[type[User]]
    ) -> None:
        self._environment, self._gone = environment, gone
        self._worker_nodes = worker_nodes
        self._user_classes = user_classes
        self._lead_s = LEAD_S if isinstance(environment.runner, MasterRunner) else 0.0
        self._started_s = clock.epoch_s(clock.now()) + self._lead_s
        self._piece = -1
        self._users = 0
        self._pending = False
        self._left: list[WorkerNode] = []
        self._plan: Plan | None = None

    @property
    def dispatch_in_progress(self) -> bool:
        """Return False: a dispatch ends at once."""
        return False

    def new_dispatch(
        self, target_user_count: int, spawn_rate: float, user_classes: list[type[User]] | None = None
    ) -> None:
        """Build a plan from the current fields of the form."""
        self._users = min(1, target_user_count)
        self._piece += 1
        self._pending = True
        runner, options = self._environment.runner, self._environment.parsed_options
        assert runner is not None, "a runner dispatches"
        assert options is not None, "locust parses its options before it runs"
        runner.target_user_count = self._users * len(self._worker_nodes) * len(self._user_classes)
        previous, self._plan = self._plan, self._planned(options.rate, options.schedule)
        setattr(options, OPTION, self._plan.to_wire())
        left, self._left = self._left, []
        for node in left:
            if previous is not None:
                self._gone(node.id, previous, len(self._worker_nodes), self._plan.from_epoch_s)

    def __next__(self) -> dict[str, dict[str, int]]:
        """Return the number of users by worker and class."""
        if not self._pending:
            raise StopIteration
        self._pending = False
        return {node.id: {each.__name__: self._users for each in self._user_classes} for node in self._worker_nodes}

    def add_worker(self, worker_node: WorkerNode) -> None:
        """Include a worker from the next dispatch on, which the runner starts now."""
        self._worker_nodes = [*self._worker_nodes, worker_node]

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """Leave a worker out from the next dispatch on, which starts as soon as the runner can."""
        kept = [node for node in self._worker_nodes if node.id != worker_node.id]
        if len(kept) < len(self._worker_nodes):
            self._worker_nodes = kept
            self._left.append(worker_node)
            gevent.spawn(self._redistribute)

    def resume(self, worker_nodes: list[WorkerNode]) -> PlanDispatcher:
        """Continue the run with these workers."""
        self._worker_nodes = worker_nodes
        return self

    def _redistribute(self) -> None:
        """Dispatch without the workers that left, unless the runner does: for a lost one it does not by default."""
        runner = self._environment.runner
        assert isinstance(runner, MasterRunner), "workers belong to a master"
        while self._left and runner.state in UNDER_WAY:
            if runner.state == STATE_RUNNING and runner.spawning_completed:
                runner.start(runner.target_user_count, runner.spawn_rate)
                return
            gevent.sleep(CHECK_S)

    def _planned(self, rate_per_s: float, schedule: str) -> Plan:
        from_s = max(self._started_s, clock.epoch_s(clock.now()) + self._lead_s)
        rate_per_s *= getattr(self._environment.shape_class, "factor", 1.0)
        indexes = sorted(map(self._index, self._worker_nodes)) if self._users else []
        places = {str(index): place for place, index in enumerate(indexes)}
        return Plan(self._started_s, from_s, self._piece, rate_per_s, schedule, places)

    def _index(self, node: WorkerNode) -> int:
        """Return the index that the master sent the worker in its `ack`."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return 0
        return int(runner.get_worker_index(node.id))  # type: ignore[no-untyped-call]


def dispatch_plans(environment: Environment, gone: Gone) -> None:
    """Make every dispatch of this environment send a plan; `gone` is called for each worker that left a run."""
    current: list[PlanDispatcher] = []

    def dispatcher(worker_nodes: list[WorkerNode], user_classes: list[type[User]]) -> PlanDispatcher:
        """Return a new dispatcher; during a run the present one: locust replaces it a minute after a lost worker."""
        if current and environment.runner is not None and environment.runner.state in UNDER_WAY:
            return current[0].resume(worker_nodes)
        current[:] = [PlanDispatcher(environment, gone, worker_nodes, user_classes)]
        return current[0]

    environment.dispatcher_class = dispatcher  # type: ignore[assignment]

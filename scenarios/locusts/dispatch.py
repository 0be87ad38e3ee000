"""What a run's plan is, and who shares it: one user for each worker, whatever number of users was asked for."""

from __future__ import annotations

from functools import partial

from locust import User
from locust.dispatch import UsersDispatcher
from locust.env import Environment
from locust.runners import MasterRunner, WorkerNode

from scenarios.generator import clock
from scenarios.generator.plan import OPTION, Plan

LEAD_S = 0.5
"""Workers hear of a plan that much before it holds, so that it holds for all of them at one instant."""


class Sharing(UsersDispatcher):
    """Lives as long as a run. Each dispatch (a start, an edit, a worker that comes or goes) is one plan for all."""

    def __init__(
        self, environment: Environment, worker_nodes: list[WorkerNode], user_classes: list[type[User]]
    ) -> None:
        self._environment = environment
        self._worker_nodes = worker_nodes
        self._user_classes = user_classes
        self._lead_s = LEAD_S if isinstance(environment.runner, MasterRunner) else 0.0
        self._started_s = clock.epoch_s(clock.now()) + self._lead_s
        self._piece = -1
        self._users = 0
        self._pending = False

    @property
    def dispatch_in_progress(self) -> bool:
        """A dispatch is over as soon as it was made."""
        return False

    def new_dispatch(
        self, target_user_count: int, spawn_rate: float, user_classes: list[type[User]] | None = None
    ) -> None:
        """Makes the plan from the form's fields as they are now."""
        self._users = min(1, target_user_count)
        self._piece += 1
        self._pending = True
        runner, options = self._environment.runner, self._environment.parsed_options
        assert runner is not None, "a runner dispatches"
        assert options is not None, "locust parses its options before it runs"
        runner.target_user_count = self._users * len(self._worker_nodes) * len(self._user_classes)
        setattr(options, OPTION, self._plan(options.rate, options.schedule).to_wire())

    def __next__(self) -> dict[str, dict[str, int]]:
        """Users of each class for each worker."""
        if not self._pending:
            raise StopIteration
        self._pending = False
        return {node.id: {each.__name__: self._users for each in self._user_classes} for node in self._worker_nodes}

    def add_worker(self, worker_node: WorkerNode) -> None:
        """It shares from the next dispatch on, which the runner makes now."""
        self._worker_nodes = [*self._worker_nodes, worker_node]

    def remove_worker(self, worker_node: WorkerNode) -> None:
        """The others share without it from the next dispatch on, which the runner makes now."""
        self._worker_nodes = [node for node in self._worker_nodes if node.id != worker_node.id]

    def _plan(self, rate_per_s: float, schedule: str) -> Plan:
        from_s = max(self._started_s, clock.epoch_s(clock.now()) + self._lead_s)
        rate_per_s *= getattr(self._environment.shape_class, "factor", 1.0)
        indexes = sorted(map(self._index, self._worker_nodes)) if self._users else []
        places = {str(index): place for place, index in enumerate(indexes)}
        return Plan(self._started_s, from_s, self._piece, rate_per_s, schedule, places)

    def _index(self, node: WorkerNode) -> int:
        """The index that the master told the worker in its `ack`."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return 0
        return int(runner.get_worker_index(node.id))  # type: ignore[no-untyped-call]


def share_by_plan(environment: Environment) -> None:
    """Every dispatch of this environment is a plan from now on."""
    environment.dispatcher_class = partial(Sharing, environment)  # type: ignore[assignment]

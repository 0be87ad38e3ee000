"""Runs a scenario as a Job in the platform's own cluster, for more load than one machine can generate.

Each worker generates an equal share of the arrivals with a seed of its own: the sum of Poisson streams is a Poisson
stream. Their counts are read from their logs; the counts of one slice are added up (docs/reference/contracts.md).
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

from harness.bindings import RunbookBinding
from harness.errors import BindingError, PlatformError
from harness.load.base import OnMessage
from harness.load.fan_out import FanOut
from harness.load.merged import MergedCounts
from harness.machine.platform_state import AdminPort
from harness.platforms.base import Platform

if TYPE_CHECKING:
    from harness.platforms.kubernetes.platform import KubernetesPlatform

IMAGE, NAME, PORT = "gameday-load:dev", "gameday-load", 8089
START_LIMIT_S = 60.0
MAX_DURATION_S = 900
RUN = 'exec 3>&1 1>&2; GAMEDAY_SEED=$((GAMEDAY_SEED + JOB_COMPLETION_INDEX)) exec python -m scenarios.worker "$0"'
"""Command of a worker: the load stream is written to stdout, everything else to stderr."""


def runs_jobs(platform: Platform) -> TypeGuard[KubernetesPlatform]:
    """Whether the platform can run the load as a Job of its own cluster."""
    from harness.platforms.kubernetes.platform import KubernetesPlatform  # noqa: PLC0415  costs a tenth of a `plan`

    return isinstance(platform, KubernetesPlatform)


def check_shared(binding: RunbookBinding, workers: int) -> None:
    """Raises BindingError for a load that cannot be divided among workers in a cluster."""
    scenario = binding.scenario
    if binding.load or scenario.endswith(".py"):
        raise BindingError(
            f"scenario `{scenario}`: the load image contains the shipped scenarios only; name one of them"
        )
    if workers > 1 and binding.rate is None:
        raise BindingError(f"scenario `{scenario}`: {workers} workers share a `rate`; add it to the bindings")


class JobLoad:
    """Implements base.Load. `scenario`: name of a shipped one; `settings`: as WorkerLoad's, with the total rate."""

    def __init__(
        self, scenario: str, settings: Mapping[str, str], workers: int, platform: KubernetesPlatform, log: Path
    ) -> None:
        self._scenario, self._settings, self._workers, self._log = scenario, dict(settings), workers, log
        self._jobs = platform.jobs()
        self._token = secrets.token_hex(16)
        self._changes = threading.Condition()
        self._admins: dict[str, str] = {}
        self._counts = MergedCounts(workers)
        self._completed: set[str] = set()
        self._stopping = False
        self._fan_out: FanOut | None = None

    def start(self, on_message: OnMessage, on_death: Callable[[str], None]) -> None:
        """Create the Job; returns when every worker has sent its first message."""
        pods = self._jobs.start(self._body(), self._workers)
        for pod in pods:
            self._jobs.follow(pod, partial(self._read_line, pod, on_message), partial(self._ended, pod, on_death))
        with self._changes:
            if not self._changes.wait_for(lambda: len(self._admins) == self._workers, START_LIMIT_S):
                self.stop()
                raise PlatformError(f"the load in the cluster did not start; its log is {self._log}")
        self._fan_out = FanOut([self._jobs.port(pod, PORT) for pod in pods], self._token)

    def _read_line(self, pod: str, on_message: OnMessage, line: bytes) -> None:
        message = _parse(line)
        if message is None:
            with self._log.open("ab") as log:
                log.write(f"{pod}: ".encode() + line + b"\n")
        elif message["ev"] == "load":
            self._add_counts(pod, message, on_message)
        else:
            with self._changes:
                if message["ev"] == "hello":
                    self._say_hello(message, on_message)
                    self._admins[pod] = message["admin"]
                else:
                    self._completed.add(pod)
                self._changes.notify_all()

    def _say_hello(self, message: Mapping[str, Any], on_message: OnMessage) -> None:
        """Pass the first worker's message on, for all; its process is none of this machine."""
        if not self._admins:
            engine = f"{message['engine']}, {self._workers} in the cluster"
            on_message({**message, "engine": engine, "pid": None})

    def _add_counts(self, pod: str, message: Mapping[str, Any], on_message: OnMessage) -> None:
        with self._changes:
            if merged := self._counts.add(pod, message):
                on_message(merged)

    def _ended(self, pod: str, on_death: Callable[[str], None]) -> None:
        if not self._stopping:
            how = "ended early" if pod in self._completed else "died"
            on_death(f"the load in the cluster {how}: {pod}; its log is {self._log}")

    def _body(self) -> dict[str, object]:
        rate = self._settings.get("GAMEDAY_RATE")
        settings = {
            **self._settings,
            **({"GAMEDAY_RATE": f"{float(rate) / self._workers:g}"} if rate else {}),
            "GAMEDAY_STREAM_FD": "3",
            "GAMEDAY_ADMIN_PORT": str(PORT),
            "GAMEDAY_ADMIN_TOKEN": self._token,
            "GAMEDAY_DURATION_S": str(MAX_DURATION_S),
        }
        container = {
            "name": "app",
            "image": IMAGE,
            "imagePullPolicy": "IfNotPresent",
            "command": ["sh", "-c", RUN, f"scenarios/{self._scenario}.py"],
            "env": [{"name": name, "value": value} for name, value in settings.items()],
            "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}},
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        }
        pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "terminationGracePeriodSeconds": 3}
        template = {"metadata": {"labels": {"app": NAME}}, "spec": {**pod, "containers": [container]}}
        count = {"completions": self._workers, "parallelism": self._workers, "completionMode": "Indexed"}
        spec = {**count, "backoffLimit": 0, "activeDeadlineSeconds": MAX_DURATION_S, "template": template}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": NAME}, "spec": spec}

    def admin(self) -> AdminPort:
        """One admin port for all workers."""
        if self._fan_out is None:
            raise PlatformError("the load in the cluster has not started")
        return AdminPort("load", self._fan_out.url, self._token)

    def stop(self) -> None:
        """Delete the Job after its workers' last counts. Idempotent."""
        self._stopping = True
        self._jobs.stop()
        if self._fan_out:
            self._fan_out.close()


def _parse(line: bytes) -> dict[str, Any] | None:
    """A message of the load stream; None for any other output."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) and "ev" in message else None

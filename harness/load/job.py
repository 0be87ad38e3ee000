"""A scenario driven by workers in the platform's own cluster, as a Job: for load that one machine cannot make.

Each worker makes an equal share of the arrivals with a seed of its own: Poisson streams added up are a Poisson stream.
Their counts come with their logs; deltas of one slice add up wherever they come from (docs/reference/contracts.md).
"""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeGuard

from harness.errors import BindingError, PlatformError
from harness.load.base import Told
from harness.load.fan_out import FanOut
from harness.machine.platform_state import AdminPort
from harness.platforms.base import Platform
from harness.platforms.kubernetes.platform import KubernetesPlatform

IMAGE, NAME, PORT = "gameday-load:dev", "gameday-load", 8089
START_LIMIT_S = 60.0
LONGEST_S = 900
RUN = 'exec 3>&1 1>&2; GAMEDAY_SEED=$((GAMEDAY_SEED + JOB_COMPLETION_INDEX)) exec python -m scenarios.worker "$0"'
"""The stream goes to the container's stdout, all else to its stderr."""


def runs_jobs(platform: Platform) -> TypeGuard[KubernetesPlatform]:
    """Whether the platform can run the load as a Job of its own cluster."""
    return isinstance(platform, KubernetesPlatform)


def check_shared(scenario: str, rate: float | None, workers: int) -> None:
    """Raises BindingError for what cannot be divided among workers in a cluster."""
    if scenario.endswith(".py"):
        raise BindingError(f"scenario `{scenario}`: the image of the load has the shipped ones only")
    if workers > 1 and rate is None:
        raise BindingError(f"scenario `{scenario}`: {workers} workers share a `rate`: say it in the bindings")


class JobLoad:
    """Implements base.Load. `scenario` is a shipped one's name; `settings` as WorkerLoad's, with the rate of all."""

    def __init__(
        self, scenario: str, settings: Mapping[str, str], workers: int, platform: KubernetesPlatform, log: Path
    ) -> None:
        self._scenario, self._settings, self._workers, self._log = scenario, dict(settings), workers, log
        self._jobs = platform.jobs()
        self._token = secrets.token_hex(16)
        self._news = threading.Condition()
        self._admins: dict[str, str] = {}
        self._until_s: dict[str, float] = {}
        self._held: list[Any] = []
        self._byes: set[str] = set()
        self._stopping = False
        self._fan_out: FanOut | None = None

    def start(self, tell: Told, ended: Callable[[str], None]) -> None:
        """Begin, return when every worker has spoken."""
        pods = self._jobs.start(self._body(), self._workers)
        for pod in pods:
            self._jobs.follow(pod, partial(self._line, pod, tell), partial(self._over, pod, ended))
        with self._news:
            if not self._news.wait_for(lambda: len(self._admins) == self._workers, START_LIMIT_S):
                self.stop()
                raise PlatformError(f"the load in the cluster did not start: its log is {self._log}")
        self._fan_out = FanOut([self._jobs.port(pod, PORT) for pod in pods], self._token)

    def _line(self, pod: str, tell: Told, line: bytes) -> None:
        word = _word(line)
        if word is None:
            with self._log.open("ab") as log:
                log.write(f"{pod}: ".encode() + line + b"\n")
        elif word["ev"] == "load":
            self._counted(pod, word, tell)
        else:
            with self._news:
                if word["ev"] == "hello":
                    self._admins[pod] = word["admin"]
                else:
                    self._byes.add(pod)
                self._news.notify_all()

    def _counted(self, pod: str, word: Mapping[str, Any], tell: Told) -> None:
        """A slice is complete when it is so for every worker; before all have spoken, nothing is told."""
        with self._news:
            self._until_s[pod] = word["t"]
            self._held += word["deltas"]
            if len(self._until_s) < self._workers:
                return
            deltas, self._held = self._held, []
            tell({"ev": "load", "t": min(self._until_s.values()), "deltas": deltas})

    def _over(self, pod: str, ended: Callable[[str], None]) -> None:
        if not self._stopping:
            how = "ended early" if pod in self._byes else "died"
            ended(f"the load in the cluster {how}: {pod}; its log is {self._log}")

    def _body(self) -> dict[str, object]:
        rate = self._settings.get("GAMEDAY_RATE")
        settings = {
            **self._settings,
            **({"GAMEDAY_RATE": f"{float(rate) / self._workers:g}"} if rate else {}),
            "GAMEDAY_STREAM_FD": "3",
            "GAMEDAY_ADMIN_PORT": str(PORT),
            "GAMEDAY_ADMIN_TOKEN": self._token,
            "GAMEDAY_DURATION_S": str(LONGEST_S),
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
        spec = {**count, "backoffLimit": 0, "activeDeadlineSeconds": LONGEST_S, "template": template}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": NAME}, "spec": spec}

    def admin(self) -> AdminPort:
        """One port for all workers."""
        if self._fan_out is None:
            raise PlatformError("the load in the cluster has not started")
        return AdminPort("load", self._fan_out.url, self._token)

    def stop(self) -> None:
        """The Job goes; its workers' last counts are taken."""
        self._stopping = True
        self._jobs.stop()
        if self._fan_out:
            self._fan_out.close()


def _word(line: bytes) -> dict[str, Any] | None:
    """A line of the stream; None for anything else that a worker prints."""
    try:
        word = json.loads(line)
    except ValueError:
        return None
    return word if isinstance(word, dict) and "ev" in word else None

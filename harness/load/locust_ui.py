"""Runs a scenario under locust's own web UI: a locust master, and workers that report to this process as well.

A person starts, edits and stops the load in locust's pages. Workers on other machines may join the master and leave it;
they take their share of the arrivals, and only those of the own workers are counted here: an equal share of each time.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from harness.errors import Interrupted, PlatformError
from harness.http import call
from harness.load.base import OnMessage
from harness.load.fan_out import FanOut
from harness.load.merged import MergedCounts
from harness.load.worker import WorkerLoad
from harness.machine.loopback import free_port
from harness.machine.platform_state import AdminPort

START_LIMIT_S, STOP_LIMIT_S, POLL_S = 30.0, 3.0, 0.1
DURATION_S = 86_400
"""Longest load: a person ends it long before."""


@dataclass(frozen=True)
class LocustPage:
    """Where locust's web UI listens, and what it shows.

    `page`: where the page listens that its tab frames. `cookie`: that page's cookie, as NAME=VALUE, which requests to
    locust's web UI must have, too.
    """

    host: str
    port: int
    page: str
    cookie: str = field(repr=False)
    workers: int = 2
    autostart: bool = False
    """Whether the load begins by itself; otherwise when a person starts it in the form."""
    master_port: int = 0
    """Where workers join; 0: any free port, on loopback."""

    @property
    def url(self) -> str:
        """The address of locust's web UI on this machine."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  nothing listens by this
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


class Audience(Protocol):
    """Who is shown locust's web UI."""

    def wait_for_load(self, waits: bool) -> None:
        """Whether the person has to start the load now; locust's web UI is up."""
        ...

    def keep_locust(self, end: Callable[[], None]) -> None:
        """The load has ended, and locust's web UI with its figures remains: `end` ends it."""
        ...


class LocustLoad:
    """Implements base.Load."""

    def __init__(
        self, scenario: Path, settings: Mapping[str, str], folder: Path, ui: LocustPage, audience: Audience
    ) -> None:
        self._scenario, self._folder, self._ui, self._audience = scenario, folder, ui, audience
        self._settings = {**settings, "GAMEDAY_DURATION_S": str(DURATION_S)}
        self._master: subprocess.Popen[bytes] | None = None
        self._changes = threading.Condition()
        self._workers: dict[str, WorkerLoad] = {}
        self._counts = MergedCounts(ui.workers)
        self._urls: list[str] = []
        self._fan_out: FanOut | None = None
        self._begun = self._stopping = False
        self._failure = ""
        self._totals = {"sent": 0, "outstanding": 0}

    def start(self, on_message: OnMessage, on_death: Callable[[str], None]) -> None:
        """Start locust and workers; return when arrivals have begun. Raises Interrupted if it is stopped before."""
        self._on_message, self._on_death = on_message, on_death
        port = self._ui.master_port or free_port()
        self._master = self._launch(port)
        on_message({"ev": "hello", "engine": "locust master", "series": [], "pid": self._master.pid})
        self._await_web_ui()
        threading.Thread(target=self._watch_master, daemon=True, name="locust-master").start()
        self._start_workers(port)
        self._audience.wait_for_load(not self._ui.autostart)
        self._await_arrivals()
        self._audience.wait_for_load(False)

    def _launch(self, master_port: int) -> subprocess.Popen[bytes]:
        argv = [
            sys.executable, "-m", "locust", "-f", str(self._scenario), "--host", self._settings["GAMEDAY_HOST"],
            "--master", "--master-bind-host", "127.0.0.1" if not self._ui.master_port else "0.0.0.0",  # noqa: S104
            "--master-bind-port", str(master_port), "--web-host", self._ui.host, "--web-port", str(self._ui.port),
            "--loglevel", "WARNING",
        ]  # fmt: skip
        if self._ui.autostart:
            argv += ["--autostart", "--expect-workers", str(self._ui.workers), "--users", "1", "--spawn-rate", "1"]
        env = {"PATH": os.defpath, "HOME": str(self._folder), "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=self._folder,
                env={**env, **self._settings, "GAMEDAY_PAGE": self._ui.page, "GAMEDAY_PAGE_COOKIE": self._ui.cookie},
            )  # fmt: skip

    @property
    def _log(self) -> Path:
        return self._folder / "locust.log"

    def _await_web_ui(self) -> None:
        deadline_s = time.monotonic() + START_LIMIT_S
        while not call("GET", f"{self._ui.url}/").status:
            self._check()
            if self._ended() or time.monotonic() > deadline_s:
                raise PlatformError(f"locust's web UI did not start at {self._ui.url}: {self._why()}")
            time.sleep(POLL_S)

    def _start_workers(self, port: int) -> None:
        token = os.urandom(16).hex()
        link = ("--master-host", "127.0.0.1", "--master-port", str(port))
        for number in range(1, self._ui.workers + 1):
            name, log = f"worker {number}", self._folder / f"load-{number}.log"
            worker = WorkerLoad(self._scenario, self._settings, log, arguments=link, token=token)
            self._workers[name] = worker
            worker.start(partial(self._read, name), partial(self._left, name))
            self._urls.append(worker.admin().url)
        self._fan_out, self._token = FanOut(self._urls, token), token

    def _read(self, name: str, message: Mapping[str, Any]) -> None:
        """Take one message of a worker. Counts are passed on once arrivals have begun: there is no load before."""
        with self._changes:
            match message["ev"]:
                case "load":
                    merged = self._counts.add(name, message)
                    self._begun = self._begun or bool(message["deltas"])
                    if merged and self._begun:
                        self._on_message(merged)
                    self._changes.notify_all()
                case "bye":
                    self._totals = {key: self._totals[key] + message[key] for key in self._totals}
                case _:
                    engine = f"{message['engine']}, {self._ui.workers} under locust's web UI"
                    self._on_message({**message, "engine": engine})

    def _left(self, name: str, why: str) -> None:
        """Go on without a worker that left: locust gives its share to the others, if there are any."""
        with self._changes:
            if self._stopping:
                return
            worker = self._workers.pop(name)
            self._counts.leave(name)
            if worker.admin().url in self._urls:
                self._urls.remove(worker.admin().url)
            if not self._workers:
                self._fail(f"every worker has left; the last one: {why}")
        worker.stop()

    def _fail(self, why: str) -> None:
        self._failure = why
        self._on_death(why)
        self._changes.notify_all()

    def _await_arrivals(self) -> None:
        with self._changes:
            while not self._begun:
                self._check()
                if self._failure:
                    raise PlatformError(self._failure)
                self._changes.wait(POLL_S)

    def _check(self) -> None:
        if self._stopping:
            raise Interrupted("interrupted before the load was started in locust's web UI")

    def _watch_master(self) -> None:
        assert self._master is not None
        self._master.wait()
        with self._changes:
            if not self._stopping:
                self._fail(f"locust's web UI ended: {self._why()}")

    def _ended(self) -> bool:
        return self._master is not None and self._master.poll() is not None

    def _why(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines() if self._log.exists() else []
        return f"{lines[-1] if lines else 'it printed nothing'}; its log is {self._log}"

    def admin(self) -> AdminPort:
        """One admin port for the own workers."""
        if self._fan_out is None:
            raise PlatformError("the load under locust's web UI has not started")
        return AdminPort("load", self._fan_out.url, self._token)

    def stop(self) -> None:
        """End the workers after their last counts. Locust's web UI is left to the audience. Idempotent."""
        with self._changes:
            first, self._stopping = not self._stopping, True
            workers = list(self._workers.values())
        for worker in workers:
            worker.stop()
        if first and self._begun:
            self._on_message({"ev": "bye", **self._totals})
        self._audience.keep_locust(self._end_master)
        if self._fan_out:
            self._fan_out.close()
            self._fan_out = None

    def _end_master(self) -> None:
        """End locust and its web UI. Idempotent."""
        if self._master is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(self._master.pid, number)
            with suppress(subprocess.TimeoutExpired):
                self._master.wait(STOP_LIMIT_S)

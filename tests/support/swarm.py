"""A locust master with its web UI, and workers of both kinds, as processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.network import free_port
from tests.support.paths import SCENARIOS
from tests.support.scenarios import LIMIT_S
from tests.support.waiting import wait_until

FAST = ("scenarios.worker", "{file}")
STOCK = ("locust", "--worker", "-f", "{file}")


class Swarm:
    """A master and its workers, each FAST or STOCK; `file` is a scenario, `master` has further arguments.

    With `alone`, one locust process with a web UI generates the load itself.
    """

    def __init__(
        self, folder: Path, host: str, *workers: tuple[str, ...], file: str = "timeout.py",
        master: tuple[str, ...] = (), alone: bool = False,
    ) -> None:  # fmt: skip
        self.master_arguments, self.alone = master, alone
        self.folder, self.host, self.file = folder, host, str(SCENARIOS / file)
        self.port, self.web = free_port(), f"http://127.0.0.1:{free_port()}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start_master()
        link = ("--master-host", "127.0.0.1", "--master-port", str(self.port))
        for arguments in workers:
            self.launch(*(argument.format(file=self.file) for argument in arguments), *link)
        wait_until(lambda: self.stats() and len(self.workers()) == len(workers), "all workers")

    def start_master(self) -> None:
        web_port = self.web.rsplit(":", 1)[1]
        where = ("--web-host", "127.0.0.1", "--web-port", web_port, "--host", self.host)
        bind = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(self.port))
        self.master = self.launch(
            "locust", "-f", self.file, *where, *(() if self.alone else bind), *self.master_arguments
        )

    def launch(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"log-{len(self.processes)}").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments], cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True, env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            )  # fmt: skip
        self.processes.append(process)
        return process

    def __enter__(self) -> Swarm:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()

    def call(self, path: str, **form: object) -> Any:
        """Call the web UI, by POST with a form; return the JSON of the answer."""
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(self.web + path, data, timeout=70) as answer:
            return json.loads(answer.read())

    def start(self, **fields: object) -> Any:
        """Start a run, or edit the one that is running."""
        return self.call("/swarm", user_count=1, spawn_rate=1, **fields)

    def stop(self) -> None:
        self.call("/stop", now=True)
        wait_until(lambda: self.stats()["state"] == "stopped", "the stop")

    def stats(self) -> Any:
        return self.call("/stats/requests")

    def workers(self) -> list[dict[str, Any]]:
        try:
            return list(self.stats().get("workers", ()))
        except OSError:  # the master does not listen yet
            return []

    def rows(self) -> dict[str, dict[str, Any]]:
        """Return the rows of the statistics table by method, `Aggregated` by its name."""
        return {row["method"] or row["name"]: row for row in self.stats()["stats"]}

    def count(self, row: str) -> int:
        return int(self.rows().get(row, {"num_requests": 0})["num_requests"])

    def end(self) -> list[int]:
        """Send SIGTERM to the master; return the exit codes of all processes."""
        self.master.send_signal(signal.SIGTERM)
        return [process.wait(LIMIT_S) for process in self.processes]

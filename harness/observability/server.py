"""A Prometheus for one side of a drill: an external program on loopback, with its data in the run directory."""

from __future__ import annotations

import json
import shutil
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from harness.errors import MachineError, MonitoringError, PlatformError
from harness.http import call
from harness.machine.guard import Guard
from harness.machine.platform_state import ScrapeTarget
from harness.observability.api import Api
from harness.observability.prometheus import Prometheus
from harness.observability.targets import TargetsFile

PROGRAM = "prometheus"
SCRAPE_S = 1.0
"""Interval of the scrapes, in seconds: that of the harness's own samples."""
READY_S, POLL_S = 30.0, 0.1
LONGEST_S = 6 * 3600.0
"""After this the guard ends Prometheus in any case."""
CONFIGURATION = """\
global: {{scrape_interval: {scrape_s:g}s, scrape_timeout: {scrape_s:g}s, evaluation_interval: {scrape_s:g}s}}
scrape_configs:
  - job_name: pods
    file_sd_configs: [{{files: [{targets}]}}]
rule_files: {rules}
"""


def find_program(given: Path | None = None) -> Path:
    """The program `prometheus`: the given file, or the one on PATH. Raises MachineError without one."""
    found = shutil.which(str(given) if given else PROGRAM)
    if found is None:
        what = f"{given} is no program" if given else "no `prometheus` is on PATH"
        fix = "install it (Debian: apt install prometheus), or name a running one by --prometheus-url"
        raise MachineError(f"--observability: {what}; {fix}")
    return Path(found).resolve()


@dataclass
class OwnPrometheus:
    """Runs `program` in `folder`, from `start` until `stop`, and scrapes the pods that `read` lists once a second."""

    folder: Path
    program: Path
    namespace: str
    read: Callable[[], Sequence[ScrapeTarget]]
    rules: Sequence[Path] = ()

    def __post_init__(self) -> None:
        self._guard: Guard | None = None
        self._targets = TargetsFile(self.folder / "targets.json", self.namespace, self.read)

    def start(self) -> Prometheus:
        """Start it and wait until it answers. Raises MonitoringError when it does not, PlatformError for the guard."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._targets.start()
        configuration = self._configure()
        port = _free_port()
        self._guard = Guard(
            "harness.machine.guards.program",
            [f"{LONGEST_S:g}", str(self.folder / "prometheus.log"), *self._command(configuration, port)],
            self.folder,
        )
        api = Api("Prometheus", f"http://127.0.0.1:{port}", "--observability")
        self._await_ready(api)
        return Prometheus(api)

    def stop(self) -> None:
        """End it, and the reading of the pods. Idempotent. Raises PlatformError when it does not end."""
        self._targets.stop()
        guard, self._guard = self._guard, None
        if guard:
            guard.end()

    def _configure(self) -> Path:
        path = self.folder / "prometheus.yml"
        targets, rules = json.dumps(str(self.folder / "targets.json")), json.dumps([str(each) for each in self.rules])
        path.write_text(CONFIGURATION.format(scrape_s=SCRAPE_S, targets=targets, rules=rules), encoding="utf-8")
        return path

    def _command(self, configuration: Path, port: int) -> list[str]:
        return [
            str(self.program),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]

    def _await_ready(self, api: Api) -> None:
        deadline_s = time.monotonic() + READY_S
        while call("GET", f"{api.url}/-/ready").status != 200:
            if not self._runs() or time.monotonic() > deadline_s:
                self.stop()
                raise MonitoringError(f"{self.program} did not start: {self._last_line()}")
            time.sleep(POLL_S)

    def _runs(self) -> bool:
        try:
            return self._guard is not None and self._guard.ask("state") == "running"
        except PlatformError:
            return False

    def _last_line(self) -> str:
        log = self.folder / "prometheus.log"
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
        return f"{lines[-1] if lines else 'it wrote nothing'}; see {log}"


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

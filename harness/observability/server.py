"""A Prometheus for one side of a drill: an external program on loopback, with its data in the run directory."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.machine.loopback import free_port
from harness.machine.platform_state import ScrapeTarget
from harness.observability.api import Api
from harness.observability.program import Serving
from harness.observability.prometheus import Prometheus
from harness.observability.targets import TargetsFile

NAMES = ("prometheus",)
FIX = (
    "install it (Debian: apt install prometheus), take it out of an image by --prometheus-image "
    "prom/prometheus:v2.55.1, or name a running one by --prometheus-url"
)
SCRAPE_S = 1.0
"""Interval of the scrapes and of the rules, in seconds: that of the harness's own samples."""
CONFIGURATION = """\
global: {{scrape_interval: {scrape_s:g}s, scrape_timeout: {scrape_s:g}s, evaluation_interval: {scrape_s:g}s}}
scrape_configs:
  - job_name: pods
    file_sd_configs: [{{files: [{targets}]}}]
rule_files: {rules}
alerting: {{alertmanagers: [{{static_configs: [{{targets: {alertmanagers}}}]}}]}}
"""


@dataclass
class OwnPrometheus:
    """Runs `program` in `folder`, from `start` until `stop`, and scrapes the pods that `read` lists once a second.

    `rules`: text of its rules, "" for none; `alertmanager`: HOST:PORT to which it sends alerts, "" for none.
    """

    folder: Path
    program: Path
    namespace: str
    read: Callable[[], Sequence[ScrapeTarget]]
    rules: str = ""
    alertmanager: str = ""

    def __post_init__(self) -> None:
        self._serving: Serving | None = None
        self._targets = TargetsFile(self.folder / "targets.json", self.namespace, self.read)

    def start(self) -> Prometheus:
        """Start it and wait until it answers. Raises MonitoringError when it does not, PlatformError for the guard."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._targets.start()
        self._configure()
        url = f"http://127.0.0.1:{(port := free_port())}"
        try:
            self._serving = Serving(self._command(port), self.folder, "prometheus.log", f"{url}/-/ready")
        except BaseException:
            self._targets.stop()
            raise
        return Prometheus(Api("Prometheus", url, "--observability"))

    def stop(self) -> None:
        """End it, and the reading of the pods. Idempotent. Raises PlatformError when it does not end."""
        self._targets.stop()
        serving, self._serving = self._serving, None
        if serving:
            serving.end()

    def _configure(self) -> None:
        rules = self.folder / "rules.yml"
        if self.rules:
            rules.write_text(self.rules, encoding="utf-8")
        text = CONFIGURATION.format(
            scrape_s=SCRAPE_S,
            targets=json.dumps(str(self.folder / "targets.json")),
            rules=json.dumps([str(rules)] if self.rules else []),
            alertmanagers=json.dumps([self.alertmanager] if self.alertmanager else []),
        )
        (self.folder / "prometheus.yml").write_text(text, encoding="utf-8")

    def _command(self, port: int) -> list[str]:
        return [
            str(self.program),
            f"--config.file={self.folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]

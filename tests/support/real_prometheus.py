"""A real Prometheus that scrapes both sides of a run on the local platform, as one of a team scrapes its cluster."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from harness.machine.loopback import free_port
from harness.machine.platform_state import ScrapeTarget
from harness.observability.program import Serving
from harness.observability.targets import TargetsFile

CONFIGURATION = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: treatment
    file_sd_configs: [{{files: [{folder}/treatment.targets.json]}}]
    relabel_configs: [{{target_label: side, replacement: treatment}}]
  - job_name: control
    file_sd_configs: [{{files: [{folder}/control.targets.json]}}]
    relabel_configs: [{{target_label: side, replacement: control}}]
"""
SIDES = ("treatment", "control")


@contextmanager
def team_prometheus(run: Path, folder: Path) -> Iterator[str]:
    """The URL of a Prometheus with its data in `folder`; skips the test without the program."""
    program, port = shutil.which("prometheus"), free_port()
    if program is None:
        pytest.skip("no program `prometheus` on PATH")
    (folder / "prometheus.yml").write_text(CONFIGURATION.format(folder=folder), encoding="utf-8")
    files = [TargetsFile(folder / f"{side}.targets.json", "production", partial(_targets, run, side)) for side in SIDES]
    for file in files:
        file.start()
    url = f"http://127.0.0.1:{port}"
    command = [
        program, f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    serving = Serving(command, folder, "prometheus.log", f"{url}/-/ready")
    try:
        yield url
    finally:
        serving.end()
        for file in files:
            file.stop()


def _targets(run: Path, side: str) -> Sequence[ScrapeTarget]:
    """The pods that have started, by the first lines of their logs; those that have ended are down."""
    found = []
    for path in sorted(run.glob(f"drills/*/{side}/platform/logs/*/*/*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        started = json.loads(lines[0]) if lines else {}
        if started.get("msg") == "started":
            found.append(ScrapeTarget(path.parts[-3], path.parts[-2], started["address"], "/metrics"))
    return found

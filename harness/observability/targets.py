"""Keeps the targets file of a Prometheus equal to the pods of a platform while they come and go (file_sd)."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import PlatformError
from harness.machine.platform_state import ScrapeTarget

PERIOD_S = 0.5


def file_sd(targets: Sequence[ScrapeTarget], namespace: str) -> str:
    """The targets file: a group for each pod, with the labels that Kubernetes' service discovery usually gives."""
    groups = [
        {
            "targets": [each.address],
            "labels": {
                "job": each.deployment,
                "deployment": each.deployment,
                "pod": each.pod,
                "namespace": namespace,
                "__metrics_path__": each.path,
            },
        }
        for each in targets
    ]
    return json.dumps(groups, indent=1)


class TargetsFile:
    """Writes the targets every half second in a thread, when they have changed, from `start` until `stop`."""

    def __init__(self, path: Path, namespace: str, read: Callable[[], Sequence[ScrapeTarget]]) -> None:
        self._path, self._namespace, self._read = path, namespace, read
        self._written = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="scrape targets")

    def start(self) -> None:
        """Write the file, then keep it up to date. Raises PlatformError when the pods cannot be listed now."""
        self._write()
        self._thread.start()

    def stop(self) -> None:
        """End. Idempotent."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PERIOD_S):
            with suppress(PlatformError):  # it is going down, or busy: the last targets stand
                self._write()

    def _write(self) -> None:
        text = file_sd(self._read(), self._namespace)
        if text != self._written:
            new = self._path.with_suffix(".new")
            new.write_text(text, encoding="utf-8")
            new.replace(self._path)  # at once: Prometheus reads the file when it changes
            self._written = text

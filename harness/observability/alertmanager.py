"""An Alertmanager beside the Prometheus of the treatment: what it has received would have paged a person."""

from __future__ import annotations

from pathlib import Path

from harness.machine.loopback import free_port
from harness.observability.api import Api
from harness.observability.program import Serving

NAMES = ("prometheus-alertmanager", "alertmanager")
"""Debian's name, and that of the project's own package."""
CONFIGURATION = "route: {receiver: none, group_wait: 0s}\nreceivers: [{name: none}]\n"


class Alertmanager:
    """Runs `program` in `folder` from its creation until `end`. Raises MonitoringError when it does not start."""

    def __init__(self, program: Path, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "alertmanager.yml").write_text(CONFIGURATION, encoding="utf-8")
        self.address = f"127.0.0.1:{free_port()}"
        self._api = Api("Alertmanager", f"http://{self.address}", "--observability")
        command = [
            str(program), f"--config.file={folder / 'alertmanager.yml'}", f"--storage.path={folder / 'alertmanager'}",
            f"--web.listen-address={self.address}", "--cluster.listen-address=", "--log.level=warn",
        ]  # fmt: skip
        self._serving = Serving(command, folder, "alertmanager.log", f"{self._api.url}/-/ready")

    def received(self) -> frozenset[str]:
        """The names of the alerts that are active in it. Raises MonitoringError."""
        found = self._api.get("/api/v2/alerts", active="true")
        if not isinstance(found, list):
            raise self._api.error("/api/v2/alerts answered no list")
        return frozenset(str(each["labels"]["alertname"]) for each in found)

    def end(self) -> None:
        """End it. Idempotent. Raises PlatformError when it does not end."""
        self._serving.end()

"""The local platform: every pod is a process on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cluster import manifest
from harness.platforms.daemon_platform import DaemonPlatform


class LocalPlatform(DaemonPlatform):
    """See DaemonPlatform. `fork_server`: command that replaces `fakes.fork_server` (docs/reference/contracts.md)."""

    name = "local"
    module = "harness.cluster.runtimes.process.daemon"
    up_s = 30.0
    remains = (*DaemonPlatform.remains, "image", "postgres", "fork-server.log", "postgres.log")

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_OVERRIDES,
        detach: bool = False,
        manifests: Path | None = None,
        fork_server: Sequence[str] = (),
    ) -> None:
        super().__init__(folder, overrides=overrides, detach=detach, manifests=manifests)
        self._fork_server = fork_server

    def arguments(self) -> Sequence[str]:
        return ("--fork-server", json.dumps(list(self._fork_server))) if self._fork_server else ()

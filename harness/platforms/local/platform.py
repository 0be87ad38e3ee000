"""The local platform: everything is a process on this machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.cluster import manifest
from harness.platforms.daemon_platform import DaemonPlatform


class LocalPlatform(DaemonPlatform):
    """See DaemonPlatform. `nursery` is the command of another nursery than the fakes' (docs/reference/contracts.md)."""

    name = "local"
    module = "harness.cluster.runtimes.process.daemon"
    up_s = 30.0
    leaves = (*DaemonPlatform.leaves, "image", "postgres", "nursery.log", "postgres.log")

    def __init__(
        self,
        folder: Path,
        *,
        overrides: Mapping[str, Mapping[str, str]] = manifest.NO_ENV,
        detach: bool = False,
        nursery: Sequence[str] = (),
    ) -> None:
        super().__init__(folder, overrides=overrides, detach=detach)
        self._nursery = nursery

    def arguments(self) -> Sequence[str]:
        return ("--nursery", json.dumps(list(self._nursery))) if self._nursery else ()

"""Count of matching log lines of a Deployment."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

from harness.measures.probe import LogProbe
from harness.platforms.base import Platform


class LogCounter:
    """Counts the lines of a Deployment's log files that match a pattern; each byte is read once."""

    def __init__(self, platform: Platform, probe: LogProbe) -> None:
        self._platform, self._deployment = platform, probe.deployment
        self._pattern = re.compile(probe.pattern.encode(), re.IGNORECASE)
        self._read: dict[Path, int] = {}
        self._matches: dict[str, int] = defaultdict(int)

    def count(self) -> dict[str, float]:
        """Matching lines so far by pod, whose log files are in a folder of its name."""
        for path in self._platform.log_files(self._deployment):
            self._matches[path.parent.name] += self._new_matches(path)
        return {pod: float(count) for pod, count in self._matches.items()}

    def _new_matches(self, path: Path) -> int:
        """Matches in the whole lines that were written since the last call; 0 when the file is gone."""
        try:
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                text = file.read()
        except FileNotFoundError:
            return 0
        whole = text.rfind(b"\n") + 1
        self._read[path] = self._read.get(path, 0) + whole
        return sum(1 for line in text[:whole].split(b"\n") if self._pattern.search(line))

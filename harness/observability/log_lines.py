"""Counts the log lines of one side of a drill in a Loki, from the start of the side on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from harness.clock import now_s
from harness.measures.probe import DEPLOYMENT, NAMESPACE, LogProbe
from harness.observability.api import CLOCK_TOLERANCE_S
from harness.observability.loki import Lines, Loki
from harness.platforms.base import Platform
from harness.probes.logs import LogCounter

LOOK_BACK_S = 3600.0
"""A stream exists if it has a line since so long before the side: Loki knows none before its first line."""
AHEAD_S = 600.0
"""Loki refuses lines that are further in the future than this (`creation_grace_period`, 10m)."""


LEAST_SHARE = 0.5
"""Of the lines that pods have written, so many have arrived while a collector works: the last ones are on their way."""


def lines_of(probe: LogProbe, selector: str, namespace: str) -> Lines:
    """The lines in Loki that a probe counts, on the side with this namespace."""
    return Lines(selector.replace(NAMESPACE, namespace).replace(DEPLOYMENT, probe.deployment), probe.pattern)


class LogLines:
    """Counts from its creation on, as a counter does: a count never falls, although one of Loki's replicas may lag."""

    def __init__(self, loki: Loki, selector: str, namespace: str, clock: Callable[[], float] = now_s) -> None:
        self._loki, self._selector, self._namespace, self._clock = loki, selector, namespace, clock
        self._start_s = clock()
        self._counts: dict[str, int] = {}
        self._probes: dict[str, LogProbe] = {}
        self._known: set[str] = set()

    def count(self, probe: LogProbe) -> float:
        """The matching lines so far. Raises MonitoringError without an answer, and where no stream is selected."""
        lines = lines_of(probe, self._selector, self._namespace)
        found = self._loki.count(lines, self._start_s, self._clock())
        if lines.selector not in self._known:
            self._check(lines.selector)
        self._probes[probe.key] = probe
        self._counts[probe.key] = max(found, self._counts.get(probe.key, 0))
        return float(self._counts[probe.key])

    def lost(self, platform: Platform) -> Iterator[str]:
        """The conditions of which Loki has less than half of what the pods have written, each as a finding."""
        for key, probe in self._probes.items():
            written = round(sum(LogCounter(platform, probe).count().values()))
            if (found := self._counts[key]) < LEAST_SHARE * written:
                fact = f"Loki has {found} of the {written} lines of `{key}` that the pods have written"
                yield f"{fact}; does its collector read all of them, and without delay?"

    def _check(self, selector: str) -> None:
        """Raises MonitoringError unless there is such a stream, whose times are those of this machine's clock."""
        now, since_s = self._clock(), self._start_s - LOOK_BACK_S
        if not self._loki.has_streams(selector, since_s, now + AHEAD_S):
            there = ", ".join(self._loki.labels(since_s, now)) or "none"
            fix = "set `loki.selector` in gameday.yaml to one of your labels"
            raise self._loki.api.error(f"no stream matches `{selector}`; {fix} (it has: {there})")
        newest_s = self._loki.newest_s(selector, now, now + AHEAD_S)
        if newest_s is not None and newest_s > now + CLOCK_TOLERANCE_S:
            fact = f"the newest line of `{selector}` is {newest_s - now:.1f} s in the future of this machine's clock"
            raise self._loki.api.error(f"{fact}; synchronise both (NTP)")
        self._known.add(selector)

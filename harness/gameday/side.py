"""One side of a drill: a platform, the load on it, and a sampler of its services; all record to one journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from harness.drill.base import Record
from harness.faults.base import Target
from harness.load.base import Load
from harness.load.stream import events_of
from harness.measures.probe import LogProbe, Probe, PromProbe, RequestProbe
from harness.observability.monitor import SideMonitor
from harness.platforms.base import Platform
from harness.probes.queries import QuerySampler
from harness.probes.requests import RequestSampler
from harness.probes.sampler import ProbeSample, Sampler
from harness.record.event import DrillEvent, SideName
from harness.record.events import Crashed, LoadLost, ProbeSampled, ProcessStarted, RequestsProbed
from harness.record.journal import JournalError


class LiveSide:
    """Implements drill.Side. `make_load` gets the platform when it is up; `probes` are sampled, and `requests`
    sent, once a second. `monitor`: the monitoring systems of this side; None: none."""

    def __init__(
        self,
        name: SideName,
        platform: Platform,
        make_load: Callable[[Platform], Load],
        probes: Sequence[Probe],
        requests: Sequence[RequestProbe],
        record: Record,
        monitor: SideMonitor | None = None,
    ) -> None:
        self.name, self.platform = name, platform
        self._make_load, self._probes, self._record = make_load, probes, record
        self._requests = RequestSampler(platform, requests)
        self._monitor = monitor
        self._queries: QuerySampler[PromProbe] | None = None
        self._lines: QuerySampler[LogProbe] | None = None
        self._load: Load | None = None
        self._sampler: Sampler | None = None
        self._ending = False

    @property
    def target(self) -> Target:
        """What faults act on. Raises RuntimeError while the side is not up."""
        if self._load is None:
            raise RuntimeError(f"{self.name} is not up")
        return Target(self.platform, self._load)

    def up(self) -> None:
        """Start the platform, its monitoring, then the load, then the samplers."""
        self.platform.up()
        if self._ending:  # taken down while it came up
            return
        if self._monitor:
            self._start_monitor(self._monitor)
        self._load = self._make_load(self.platform)
        self._load.start(self._load_reported, self._load_lost)
        self._sampler = Sampler(self.platform, self._probes, sorted(self.platform.state()))
        self._sampler.start(self._sampled, self._sampler_failed)
        self._requests.start(self._requested, self._sampler_failed)

    def _start_monitor(self, monitor: SideMonitor) -> None:
        monitor.start(self.platform)
        queries = [each for each in self._probes if isinstance(each, PromProbe)]
        self._queries = QuerySampler("prometheus", lambda probe: monitor.value(probe.query), queries)
        self._queries.start(self._sampled, self._sampler_failed)
        if monitor.reads_logs:
            lines = [each for each in self._probes if isinstance(each, LogProbe)]
            self._probes = [each for each in self._probes if each not in lines]
            self._lines = QuerySampler("loki", monitor.lines, lines)
            self._lines.start(self._sampled, self._sampler_failed)

    def down(self) -> None:
        """Stop samplers, load, monitoring and platform. Idempotent."""
        self._ending = True
        self._requests.stop()
        for sampler in (self._queries, self._lines):
            if sampler:
                sampler.stop()
        if self._monitor:
            self._monitor.finish()
        if self._sampler:
            self._sampler.stop()
        if self._load:
            self._load.stop()
        self.platform.down()

    def _load_reported(self, line: Mapping[str, Any]) -> None:
        """Record one line of the load stream."""
        for event in events_of(line, self.name):
            self._note(event, sync=isinstance(event, ProcessStarted))

    def _load_lost(self, why: str) -> None:
        self._note(LoadLost(side=self.name, why=why))

    def _sampled(self, sample: ProbeSample) -> None:
        self._note(ProbeSampled(side=self.name, values=sample.values, missing=sample.missing))

    def _requested(self, failures: Mapping[str, str]) -> None:
        self._note(RequestsProbed(side=self.name, failures=failures))

    def _sampler_failed(self, error: Exception) -> None:
        if not self._ending:
            self._note(Crashed(text=f"the sampler of {self.name} crashed: {type(error).__name__}: {error}"))

    def _note(self, event: DrillEvent, *, sync: bool = False) -> None:
        """Record from a thread of the load or the sampler. The drill itself sees when that fails."""
        with suppress(JournalError):
            self._record(event, sync=sync)

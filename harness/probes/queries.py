"""Asks a monitoring system for the numbers of conditions once a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from harness.errors import MonitoringError
from harness.measures.probe import LogProbe, PromProbe
from harness.probes.periodic import Periodic
from harness.probes.sampler import ProbeSample

P = TypeVar("P", PromProbe, LogProbe)


class QuerySampler(Generic[P]):
    """Asks for every probe once a second in a thread, from `start` until `stop`; apart from the other probes, so that
    a system that hangs delays none of them.

    `system`: its name, which a sample has where others have names of pods. `ask` raises MonitoringError for a probe
    without a number.
    """

    def __init__(self, system: str, ask: Callable[[P], float], probes: Sequence[P]) -> None:
        self._system = system
        self._ask: Callable[[P], float] = ask
        self._probes: Sequence[P] = probes
        self._periodic = Periodic(system, self.sample)

    def start(self, sampled: Callable[[ProbeSample], None], failed: Callable[[Exception], None]) -> None:
        """Call `sampled` with every sample; `failed` once when sampling breaks, which ends it."""
        if self._probes:
            self._periodic.start(sampled, failed)

    def stop(self) -> None:
        """End, and wait for the queries under way."""
        self._periodic.stop()

    def sample(self) -> ProbeSample:
        """The number of each probe; one without a number is missing."""
        with ThreadPoolExecutor(len(self._probes)) as pool:
            found = dict(zip((probe.key for probe in self._probes), pool.map(self._value, self._probes), strict=True))
        return ProbeSample(
            {key: {} if value is None else {self._system: value} for key, value in found.items()},
            {key: (self._system,) for key, value in found.items() if value is None},
        )

    def _value(self, probe: P) -> float | None:
        try:
            return self._ask(probe)
        except MonitoringError:
            return None

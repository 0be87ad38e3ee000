"""Asks a Prometheus for the numbers of PromQL expressions once a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from harness.errors import MonitoringError
from harness.measures.probe import PromProbe
from harness.probes.periodic import Periodic
from harness.probes.sampler import ProbeSample

PROMETHEUS = "prometheus"
"""In `missing` of a sample, where other probes have the pods that did not answer."""


class QuerySampler:
    """Asks every expression once a second in a thread, from `start` until `stop`; apart from the other probes, so that
    a Prometheus that hangs delays none of them. `ask` raises MonitoringError for an expression without one number."""

    def __init__(self, ask: Callable[[str], float], probes: Sequence[PromProbe]) -> None:
        self._ask, self._probes = ask, probes
        self._periodic = Periodic("promql", self.sample)

    def start(self, sampled: Callable[[ProbeSample], None], failed: Callable[[Exception], None]) -> None:
        """Call `sampled` with every sample; `failed` once when sampling breaks, which ends it."""
        if self._probes:
            self._periodic.start(sampled, failed)

    def stop(self) -> None:
        """End, and wait for the queries under way."""
        self._periodic.stop()

    def sample(self) -> ProbeSample:
        """The number of each expression; one without a number is missing."""
        with ThreadPoolExecutor(len(self._probes)) as pool:
            found = dict(zip((probe.key for probe in self._probes), pool.map(self._value, self._probes), strict=True))
        return ProbeSample(
            {key: {} if value is None else {"": value} for key, value in found.items()},
            {key: (PROMETHEUS,) for key, value in found.items() if value is None},
        )

    def _value(self, probe: PromProbe) -> float | None:
        try:
            return self._ask(probe.query)
        except MonitoringError:
            return None

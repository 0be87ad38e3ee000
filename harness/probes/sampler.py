"""Sampler: reads the probes of one platform once a second, pod by pod."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import isfinite, nan

from prometheus_client.samples import Sample

from harness.http import Answer
from harness.measures.probe import HealthProbe, LogProbe, MetricProbe, Probe, Reader, health
from harness.platforms.base import Platform
from harness.probes.logs import LogCounter
from harness.probes.metrics import samples_of
from harness.probes.periodic import Periodic

Values = dict[str, dict[str, float]]
"""Numbers by key of the probe and by pod."""
_OK = 200


@dataclass(frozen=True)
class ProbeSample:
    """One sample of every probe; `missing`: running pods that did not answer or answered no finite number, by key."""

    values: Values
    missing: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class Sampler:
    """Takes one sample of every probe a second in a thread, from `start` until `stop`."""

    def __init__(self, platform: Platform, probes: Sequence[Probe], deployments: Sequence[str]) -> None:
        """`deployments` are those of the platform: all are sampled for health and for general probes."""
        self._platform = platform
        stated = [probe for probe in probes if isinstance(probe, HealthProbe)]
        self._health = list(dict.fromkeys([*stated, *map(health, deployments)]))
        self._logs = {probe.key: LogCounter(platform, probe) for probe in probes if isinstance(probe, LogProbe)}
        self._metrics = _by_deployment(probes, deployments)
        self._readers: dict[tuple[str, str], Reader] = {}
        self._periodic = Periodic("sampler", self.sample)

    def start(self, sampled: Callable[[ProbeSample], None], failed: Callable[[Exception], None]) -> None:
        """Call `sampled` with every sample; `failed` once when sampling breaks, which ends it."""
        self._periodic.start(sampled, failed)

    def stop(self) -> None:
        """End, and wait up to 5 s for the sample under way."""
        self._periodic.stop()

    def sample(self) -> ProbeSample:
        """One sample of every probe. A pod that answers without a number, such as that of no event yet, has none."""
        values: Values = {probe.key: {} for probes in self._metrics.values() for probe in probes}
        missing: dict[str, list[str]] = {}
        for deployment, probes in self._metrics.items():
            for key, pod, value in self._scrape(deployment, probes):
                if isfinite(value):
                    values[key][pod] = value
                else:
                    missing.setdefault(key, []).append(pod)
        for key, responses in zip((probe.key for probe in self._health), self._healths(), strict=True):
            values[key] = {pod: float(not response.healthy) for pod, response in responses.items()}
        for key, counter in self._logs.items():
            values[key] = counter.count()
        return ProbeSample(values, {key: tuple(pods) for key, pods in missing.items()})

    def _healths(self) -> Sequence[Mapping[str, Answer]]:
        """The answers of each Deployment's pods. All at once: one that hangs must not delay the others."""
        with ThreadPoolExecutor(max(1, len(self._health))) as pool:
            return list(pool.map(lambda probe: self._platform.health(probe.deployment), self._health))

    def _scrape(self, deployment: str, probes: Sequence[MetricProbe]) -> Iterator[tuple[str, str, float]]:
        """(key, pod, number) of each probe and pod of a Deployment that has one; NaN for a pod that did not answer."""
        names = {probe.selector.name for probe in probes}
        for pod, response in self._platform.scrape(deployment).items():
            samples = _samples(response, names)
            for probe in probes:
                value = nan if samples is None else self._reader(probe, pod)(samples)
                if value is not None:
                    yield probe.key, pod, value

    def _reader(self, probe: MetricProbe, pod: str) -> Reader:
        key = probe.key, pod
        if key not in self._readers:
            self._readers[key] = probe.reader()
        return self._readers[key]


def _samples(response: Answer, names: Collection[str]) -> list[Sample] | None:
    """The samples of these names on a /metrics page; None if the pod did not return a whole page."""
    if response.status != _OK:
        return None
    try:
        return samples_of(response.body, names)
    except ValueError:
        return None


def _by_deployment(probes: Sequence[Probe], deployments: Sequence[str]) -> Mapping[str, list[MetricProbe]]:
    found: dict[str, list[MetricProbe]] = {}
    for probe in probes:
        if isinstance(probe, MetricProbe):
            for deployment in deployments if probe.deployment is None else (probe.deployment,):
                found.setdefault(deployment, []).append(probe)
    return found

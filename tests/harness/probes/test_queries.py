"""The sampler of monitoring systems: a number per expression, and what is missing."""

from __future__ import annotations

import queue

from harness.conditions import parse
from harness.errors import MonitoringError
from harness.measures.probe import PromProbe
from harness.probes.queries import QuerySampler
from harness.probes.sampler import ProbeSample

PROBES = tuple(
    probe
    for text in ("prom('up{job=\"a,b\"}') > 5", "prom(absent) < 500ms")
    for probe in parse(text).measure.probes
    if isinstance(probe, PromProbe)
)


def ask(probe: PromProbe) -> float:
    if probe.query == "absent":
        raise MonitoringError("no data")
    return 7.0


def test_a_sample_has_the_numbers_and_names_what_is_missing() -> None:
    taken: queue.SimpleQueue[ProbeSample] = queue.SimpleQueue()
    sampler = QuerySampler("prometheus", ask, PROBES)
    sampler.start(taken.put, lambda error: None)
    found = taken.get(timeout=10)
    sampler.stop()
    present, absent = (probe.key for probe in PROBES)
    assert PROBES[0].query == 'up{job="a,b"}'
    assert found.values == {present: {"prometheus": 7.0}, absent: {}}
    assert found.missing == {absent: ("prometheus",)}

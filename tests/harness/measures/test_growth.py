"""Growth of counters of pods that restart, appear, vanish and do not always answer, compared with the events."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.samples import Sample

from harness.measures.growth import RATE_SAMPLES, growth, rates
from harness.measures.quantile import QuantileProbe
from harness.measures.reading import PodSample
from harness.measures.selector import Selector

MOST = 30
"""Most events of one pod in one second."""


@dataclass
class Pod:
    """A pod with a counter, which it exports from its first event on; `most`: events that may come in one second."""

    name: str
    count: int = 0
    most: int = MOST


@dataclass
class Deployment:
    """The samples of a Deployment, and the events of all its pods before each sample."""

    samples: list[PodSample] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    def happened(self, first: int, last: int) -> int:
        """Events between two samples."""
        return self.events[last] - self.events[first]


@st.composite
def deployments(draw: st.DrawFn, *, answers: bool) -> Deployment:
    """Each second events happen, the pods are scraped, then some restart, vanish or appear.

    `answers`: every pod answers every scrape, and no counter passes its former value at once after a restart, which
    a scrape cannot show.
    """
    found, pods, born, events = Deployment(), [Pod("pod-0", draw(st.integers(0, 1000)))], 1, 0
    for second in range(draw(st.integers(1, 20))):
        numbers, missing = {}, set()
        for pod in pods:
            more = draw(st.integers(0, pod.most))
            events, pod.count = events + more, pod.count + more
            if not answers and draw(st.integers(0, 3)) == 0:
                missing.add(pod.name)
            elif pod.count:
                numbers[pod.name] = float(pod.count)
                pod.most = MOST
            if draw(st.integers(0, 5)) == 0:
                pod.most = max(0, min(MOST, pod.count - 1)) if answers else MOST
                pod.count = 0
        found.samples.append(PodSample(1000.0 + second, numbers, frozenset(missing)))
        found.events.append(events)
        pods = [pod for pod in pods if draw(st.integers(0, 5))]
        appear = draw(st.integers(0, 2))
        pods += [Pod(f"pod-{born + number}") for number in range(appear)]
        born += appear
    return found


@given(deployments(answers=True))
def test_growth_is_the_number_of_events_when_every_pod_answers(found: Deployment) -> None:
    grown = growth(found.samples)
    assert [each.total for each in grown] == [found.happened(0, index) for index in range(len(grown))]
    assert all(each.complete for each in grown)


@given(deployments(answers=False))
def test_growth_is_never_negative_and_at_most_the_number_of_events(found: Deployment) -> None:
    totals = [each.total for each in growth(found.samples)]
    assert totals == sorted(totals)
    assert totals[0] == 0
    assert all(total <= found.happened(0, index) for index, total in enumerate(totals))


@given(deployments(answers=True))
def test_rate_is_that_of_the_events_of_the_last_five_seconds(found: Deployment) -> None:
    expected = [
        found.happened(first, last) / (last - first)
        for last in range(1, len(found.samples))
        for first in (max(0, last - RATE_SAMPLES),)
    ]
    assert [reading.value for reading in rates(found.samples)] == pytest.approx(expected)


@given(deployments(answers=False))
def test_rate_is_never_more_than_the_events_since_a_complete_sample(found: Deployment) -> None:
    for last, reading in enumerate(rates(found.samples), 1):
        assert reading.at_least == (bool(found.samples[last].missing) and reading.value is not None)
        complete = [index for index in range(last) if not found.samples[index].missing]
        if reading.value is None:
            assert not complete
        else:
            most = max(found.happened(first, last) / (last - first) for first in complete)
            assert 0 <= reading.value <= most + 1e-9


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.booleans()), min_size=1, max_size=20))
def test_quantile_lies_within_the_buckets_whenever_a_pod_restarts(seconds: list[tuple[int, int, bool]]) -> None:
    read = QuantileProbe("key", "web", Selector("latency"), 0.95).reader()
    fast = slow = 0
    for more_fast, more_slow, restarts in seconds:
        fast, slow = (0, 0) if restarts else (fast + more_fast, slow + more_slow)
        bounds = {"0.1": fast, "1.0": fast + slow, "+Inf": fast + slow}
        value = read([Sample("latency_bucket", {"le": bound}, float(count)) for bound, count in bounds.items()])
        assert value is None or 0 <= value <= 1000

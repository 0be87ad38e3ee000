"""The reference: it times real work, and takes the median of its repeats."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import accumulate, chain

from harness.machine.reference import REPEATS, Reference


def test_sample_is_the_median_of_each_kind_of_work() -> None:
    computing, sending = (0.003, 0.001, 0.002, 0.09, 0.002), (0.0005, 0.0001, 0.0003, 0.0003, 0.5)
    assert len(computing) == REPEATS
    readings = accumulate(chain.from_iterable((1.0, spent) for spent in (*computing, *sending)))
    with closing(Reference(clock=lambda: next(readings))) as reference:
        found = reference.sample()
    assert (found.cpu_ms, found.loopback_ms) == (2.0, 0.3)


def test_real_work_takes_time_and_less_than_half_a_percent_of_a_core() -> None:
    with closing(Reference()) as reference:
        reference.sample()
        used_s = []
        for _ in range(5):
            began_s = time.thread_time()
            found = reference.sample()
            used_s.append(time.thread_time() - began_s)
    assert found.cpu_ms > 0.01
    assert found.loopback_ms > 0.01
    assert min(used_s) < 0.005, "processor time, once a second"

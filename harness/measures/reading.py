"""What was sampled of the pods of a Deployment, and what follows from it: values of a measure, and counted events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

Pods = Mapping[str, float]
"""A number by pod."""


class PodSample(NamedTuple):
    """The numbers of the pods at one time, in seconds since the epoch.

    `missing`: running pods that did not answer, so their numbers are unknown. A pod that is in neither did not run, or
    answered without this number.
    """

    at_s: float
    pods: Pods
    missing: frozenset[str] = frozenset()


class Reading(NamedTuple):
    """The value of a measure at the time of one sample; None: unknown.

    `at_least`: a pod did not answer, so the value is a lower bound.
    """

    at_s: float
    value: float | None
    at_least: bool = False


class Events(NamedTuple):
    """What was counted in `seconds`: arrivals, or growth of counters; `bad`: those that count against an objective."""

    total: float
    bad: float
    seconds: float

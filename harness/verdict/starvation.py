"""Decides whether the machine kept a processor from the processes of a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.record.events import HostSampled
from harness.verdict.state import Span

READY_SHARE = 0.9
"""A process that is ready to run for a larger share of the time cannot keep up: the requests that it serves queue, the
more the closer to 1 (as 1 / (1 - share)). Below, it waits now and then, and catches up."""
SLOWED_SHARE = 0.4
"""A process that waits for a larger share of the time is so slow that requests to it, or by it, may get no answer."""
THROTTLED_SHARE = 0.25
"""Share of the time for which gameday's control group may be throttled: longer pauses than the 0.1 s of a quota's
period, in which an arrival counts as late, come with a larger share."""
WORSE = 2.0
"""A process that waits so many times as long as in the baseline is slower than when the SLOs held."""
MOST = 0.5
"""Share of the samples that have to show it: a burst that passes does not keep SLOs broken."""


def starvation(
    samples: Sequence[HostSampled],
    baseline: Span,
    begin: float,
    end: float,
    last_s: float,
    part: str = "the recovery",
) -> str:
    """Say how the machine starved the run in a part of it, or in the last seconds of that; "" if it did not.

    A process that cannot keep up is starved, and so is one that waits much longer than in the `baseline` phase.

    The sum of all waiting decides nothing: processes that wait for a few milliseconds each time, and have caught up
    when the next request comes, wait for most of the time in which they are ready. Nor does the pressure of the whole
    machine: a process of lower priority that waits for the run's own processes raises it and delays none of them.
    """
    before = [sample for sample in samples if baseline[0] < sample.t_s <= baseline[1]]
    for first, when in ((begin, f"during {part}"), (max(begin, end - last_s), f"in its last {last_s:g} s")):
        inside = [sample for sample in samples if first < sample.t_s <= end]
        found = _starved(inside) or _slower(inside, before) or _throttled(inside)
        if found:
            return f"{found} {when}"
    return ""


def starved_until(samples: Sequence[HostSampled], begin: float, end: float) -> float:
    """The end of the last sample between two times in which a process could not keep up; `begin` if there is none."""
    return max((each.t_s for each in samples if begin < each.t_s <= end and _cannot_keep_up(each)), default=begin)


def starved_for(samples: Sequence[HostSampled], begin: float, end: float) -> str:
    """Say how long processes that could not keep up waited for a processor between two times."""
    return _waited([each for each in samples if begin < each.t_s <= end and _cannot_keep_up(each)])


def starved(samples: Sequence[HostSampled], begin: float, end: float) -> str:
    """Say how long processes waited for a processor between two times, in most of which one could not keep up; "" if
    not."""
    return _starved([sample for sample in samples if begin < sample.t_s <= end])


def slowed(samples: Sequence[HostSampled], begin: float, end: float) -> str:
    """Say how long processes waited for a processor between two times, if answers may be missing for it; "" if not.

    It takes less than starvation: the SLOs are judged by many requests, and a step by one.
    """
    return _slowed([sample for sample in samples if begin < sample.t_s <= end])


def _slowed(samples: Sequence[HostSampled]) -> str:
    found = [sample for sample in samples if sample.slowest_waited_s > SLOWED_SHARE * sample.seconds]
    return _waited(found) if len(found) > MOST * len(samples) else ""


def _slower(samples: Sequence[HostSampled], before: Sequence[HostSampled]) -> str:
    """Say how long processes waited that are slowed, and wait WORSE times as long as `before`."""
    if not before or _waited_share(samples) <= WORSE * _waited_share(before):
        return ""
    found = _slowed(samples)
    return f"{found}, more than {WORSE:g} times as long as in the baseline," if found else ""


def _waited_share(samples: Sequence[HostSampled]) -> float:
    """The mean share of the time for which the process waited that waited longest."""
    return sum(each.slowest_waited_s for each in samples) / max(sum(each.seconds for each in samples), 1e-9)


def _starved(samples: Sequence[HostSampled]) -> str:
    found = [sample for sample in samples if _cannot_keep_up(sample)]
    return _waited(found) if len(found) > MOST * len(samples) else ""


def _waited(found: Sequence[HostSampled]) -> str:
    waited, ran = sum(sample.slowest_waited_s for sample in found), sum(sample.slowest_ran_s for sample in found)
    seconds = sum(sample.seconds for sample in found)
    names = ", ".join(sorted({f"`{sample.slowest}`" for sample in found}))
    return f"{names} waited for a processor for {waited:.1f} of {seconds:.1f} s and ran for {ran:.1f} s"


def _cannot_keep_up(sample: HostSampled) -> bool:
    """Whether a process was ready nearly all the time because it mostly waited, not because it had so much to do."""
    ran, waited = sample.slowest_ran_s, sample.slowest_waited_s
    return waited > ran and ran + waited > READY_SHARE * sample.seconds


def _throttled(samples: Sequence[HostSampled]) -> str:
    throttled, seconds = sum(sample.throttled_s or 0.0 for sample in samples), sum(sample.seconds for sample in samples)
    if throttled <= THROTTLED_SHARE * seconds:
        return ""
    return f"a CPU limit stopped gameday for {throttled:.1f} of {seconds:.0f} s"

"""Decides whether the machine kept a processor from the processes of a run. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from harness.record.events import HostSampled

WAITED_SHARE = 0.6
"""Share of the time in which the run's processes were ready to run that they may wait for a processor."""
THROTTLED_SHARE = 0.25
"""Share of the time for which gameday's control group may be throttled: longer pauses than the 0.1 s of a quota's
period, in which an arrival counts as late, come with a larger share."""


def starvation(samples: Sequence[HostSampled], begin: float, end: float, last_s: float) -> str:
    """Say how the machine starved the run between two times, or in the last seconds of it; "" if it did not.

    The pressure of the whole machine decides nothing: a process of lower priority that waits for the run's own
    processes raises it and delays nobody.
    """
    for first, when in ((begin, "during the recovery"), (max(begin, end - last_s), f"in its last {last_s:g} s")):
        inside = [sample for sample in samples if first < sample.t_s <= end]
        found = _waited(inside) or _throttled(inside)
        if found:
            return f"{found} {when}"
    return ""


def _waited(samples: Sequence[HostSampled]) -> str:
    waited = sum(sample.waited_s or 0.0 for sample in samples)
    ready = waited + sum(sample.ran_s or 0.0 for sample in samples)
    if waited <= WAITED_SHARE * ready:
        return ""
    share = f"{waited / ready:.0%}".replace("%", " %")
    return f"the run's processes waited for a processor in {share} of the time in which they were ready to run"


def _throttled(samples: Sequence[HostSampled]) -> str:
    throttled, seconds = sum(sample.throttled_s or 0.0 for sample in samples), sum(sample.seconds for sample in samples)
    if throttled <= THROTTLED_SHARE * seconds:
        return ""
    return f"a CPU limit stopped gameday for {throttled:.1f} of {seconds:.0f} s"

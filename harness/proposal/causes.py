"""Finds the kinds of faults that the words of a runbook suggest: a cache that does not answer can be scaled to 0."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORDS = (
    (r"crash|restart|killed|evict|terminated", ("pod-kill",)),
    (r"memory|\boom\b", ("memory-limit", "memory-pressure")),
    (r"\bdisk|no space left|\benospc\b|\bvolume\b", ("full-disk",)),
    (r"\bdns\b|resolv|name resolution|no such host", ("dns-failure",)),
    (r"\bcpu\b|throttl|load average", ("cpu-pressure",)),
    (r"hang|hung|stuck|deadlock|freez|frozen|unresponsive", ("stop", "blackhole")),
    (r"slow|latency|time[sd]?[ -]?out|delay|p9\d", ("latency", "cpu-pressure", "bandwidth")),
    (r"\b5(?:\d\d|xx)\b|bad gateway|error ?rate|errors", ("http-status",)),
    (r"\breset\b|broken pipe", ("reset",)),
    (r"network|packet|partition|unreachable", ("partition", "blackhole")),
    (
        r"\bdown\b|unavailable|unreachable|refused|outage|absent|(?:not|n't|no longer) (?:answer|respon|runn)",
        ("scale-to-zero", "blackhole"),
    ),
)


def likely(text: str, kinds: Sequence[str]) -> tuple[str, ...]:
    """Those of the kinds that the words of a text suggest, in the order of this list."""
    plain = re.sub(r"[_\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text))
    found = (kind for words, suggested in _WORDS if re.search(words, plain, re.I) for kind in suggested)
    return tuple(dict.fromkeys(kind for kind in found if kind in kinds))

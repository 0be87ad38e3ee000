"""Converts the lines of the load stream (docs/reference/contracts.md) to events of the record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psutil

from harness.record.event import SideEvent, SideName
from harness.record.events import LoadCounted, LoadFinished, LoadSlice, LoadStarted, ProcessStarted


def events_of(line: Mapping[str, Any], side: SideName) -> Iterator[SideEvent]:
    """The events of one line of the stream of a side."""
    match line["ev"]:
        case "hello":
            if line["pid"] is not None:
                yield _process(side, line["pid"])
            yield LoadStarted(side=side, engine=line["engine"], series=tuple(line["series"]))
        case "load":
            yield LoadCounted(side=side, until_s=line["t"], slices=tuple(map(_slice, line["deltas"])))
        case "bye":
            yield LoadFinished(side=side, sent=line["sent"], outstanding=line["outstanding"])


def _process(side: SideName, pid: int) -> ProcessStarted:
    started_s = psutil.Process(pid).create_time()
    return ProcessStarted(side=side, name="load", pid=pid, pgid=pid, started_s=started_s)


def _slice(delta: Mapping[str, Any]) -> LoadSlice:
    return LoadSlice(
        series=delta["series"],
        at_s=delta["at"],
        sent=delta["sent"],
        ok=delta["ok"],
        bad=delta["bad"],
        over={float(ms): count for ms, count in delta["over"].items()},
        late=delta["late"],
        unsent=delta["unsent"],
        hist={int(bucket): count for bucket, count in delta["hist"].items()},
    )

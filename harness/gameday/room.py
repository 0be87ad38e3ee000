"""Measures the room for further drills, and records how long the processes of the run waited for a processor."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection

from harness.gameday.admission import Room
from harness.machine.cpu_waits import CpuWaits
from harness.machine.idle import IdleCores, free_memory_bytes
from harness.record.events import HostSampled


class RoomMeter:
    """Measures this machine and this run, over the time between two measurements."""

    def __init__(self, record: Callable[[HostSampled], object], containers: Callable[[], Collection[str]]) -> None:
        """Begin now. `record` gets each sample of the run's processes, also those of the `containers` (ids)."""
        self._record, self._waits, self._idle = record, CpuWaits(os.getpid(), containers), IdleCores()
        self._quota_cores = self._waits.quota_cores()
        self._loaded = False

    def measure(self, *, loaded: bool) -> Room | None:
        """Record a sample; return the room. `loaded`: whether every drill that runs is under load.

        None unless that was so for the whole time: a drill that starts needs more, and one without load needs less.
        """
        sample, idle_cores, loaded_before = self._waits.sample(), self._idle.measure(), self._loaded
        self._record(sample)
        self._loaded = loaded
        if not (loaded and loaded_before):
            return None
        own_cores = (sample.ran_s or 0.0) / max(sample.seconds, 1e-3)
        return Room(
            idle_cores=min(idle_cores, self._quota_cores - own_cores),
            used_cores=self._idle.count - idle_cores,
            free_bytes=free_memory_bytes(),
            throttled=bool(sample.throttled_s),
        )

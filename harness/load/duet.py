"""The load of a comparison: one schedule, whose arrivals are assigned at random to two services."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from harness.clock import now_s
from harness.load.stream import events_of
from harness.load.worker import WorkerLoad
from harness.record.event import CONTROL, TREATMENT, SideEvent, SideName
from harness.record.events import LoadLost, ProcessStarted
from harness.record.journal import JournalError
from harness.stats.sequential import SLICE_S

LEAD_S = 3.0
"""From the start of the workers to the first arrivals: each takes less than a second to import its scenario."""
Record = Callable[..., object]
"""Writes a SideEvent; takes `sync=True` for one that has to be on disk."""


class DuetLoad:
    """Two workers that compute the same schedule and the same draw, and send to one service each.

    `hosts` are the base URLs by side, `first` is the side that gets the first share.
    """

    def __init__(
        self, scenario: Path, hosts: Mapping[SideName, str], settings: Mapping[str, str], folder: Path, first: SideName
    ) -> None:
        self.starts_s = math.ceil((now_s() + LEAD_S) / SLICE_S) * SLICE_S
        """When the first arrivals are due, seconds since the epoch: the beginning of a slice."""
        second: SideName = CONTROL if first == TREATMENT else TREATMENT
        self._workers: dict[SideName, WorkerLoad] = {
            side: WorkerLoad(
                scenario,
                {**settings, "GAMEDAY_HOST": hosts[side], "GAMEDAY_SHARE": f"{place}/2@{self.starts_s:.2f}"},
                folder / f"load-{side}.log",
            )
            for place, side in enumerate((first, second))
        }
        self.lost = ""
        """Why a worker ended by itself; empty: none has."""

    def start(self, record: Record) -> None:
        """Start both workers; what they report goes to `record`. Raises PlatformError when one does not start."""
        with ThreadPoolExecutor(len(self._workers)) as pool:
            starting = [pool.submit(self._start, side, worker, record) for side, worker in self._workers.items()]
        for each in starting:
            each.result()

    def _start(self, side: SideName, worker: WorkerLoad, record: Record) -> None:
        def note(event: SideEvent) -> None:
            with suppress(JournalError):  # the comparison itself sees when that fails
                record(event, sync=isinstance(event, ProcessStarted))

        def died(why: str) -> None:
            self.lost = self.lost or why
            note(LoadLost(side=side, why=why))

        def take(line: Mapping[str, Any]) -> None:
            for event in events_of(line, side):
                note(event)

        worker.start(take, died)

    def stop(self) -> None:
        """End both workers after their last counts. Idempotent, never raises."""
        with ThreadPoolExecutor(len(self._workers)) as pool:
            list(pool.map(WorkerLoad.stop, self._workers.values()))

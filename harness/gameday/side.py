"""One side of a drill: a platform, the load on it and the eyes on both, all telling the same journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psutil

from harness.drill.run import Tell
from harness.faults.base import Target
from harness.load.base import Load
from harness.measures.probe import Probe
from harness.platforms.base import Platform
from harness.probes.sampler import Sampler, Values
from harness.record.journal import JournalError


class LiveSide:
    """Brings its parts up in order and takes them down in the other; `make_load` gets the platform that is up."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        make_load: Callable[[Platform], Load],
        probes: Sequence[Probe],
        tell: Tell,
    ) -> None:
        self.name, self.platform = name, platform
        self._make_load, self._probes, self._tell = make_load, probes, tell
        self._load: Load | None = None
        self._sampler: Sampler | None = None
        self._ending = False

    @property
    def target(self) -> Target:
        """What faults can reach; only while it is up."""
        if self._load is None:
            raise RuntimeError(f"{self.name} is not up")
        return Target(self.platform, self._load)

    def up(self) -> None:
        """Platform, then load, then eyes."""
        self.platform.up()
        if self._ending:  # it was taken down while it came up
            return
        self._load = self._make_load(self.platform)
        self._load.start(self._heard, lambda why: self._note("load-ended", why=why))
        self._sampler = Sampler(self.platform, self._probes, sorted(self.platform.state()))
        self._sampler.start(self._sampled, self._blind)

    def down(self) -> None:
        """Everything ends, whatever was up."""
        self._ending = True
        if self._sampler:
            self._sampler.stop()
        if self._load:
            self._load.stop()
        self.platform.down()

    def _heard(self, word: Mapping[str, Any]) -> None:
        kind = word["ev"]
        if kind == "load":
            self._note("load", t=word["t"], deltas=word["deltas"])
        elif kind == "hello":
            pid = word["pid"]
            started = psutil.Process(pid).create_time()
            self._note("process", sync=True, what="load", pid=pid, pgid=pid, started=started)
        else:
            self._note("load-bye", word=dict(word))

    def _sampled(self, values: Values) -> None:
        self._note("probe", values=values)

    def _blind(self, error: Exception) -> None:
        if not self._ending:
            self._note("crash", text=f"the sampler of {self.name} broke: {type(error).__name__}: {error}")

    def _note(self, ev: str, *, sync: bool = False, **fields: object) -> None:
        """Tell it from a thread of the load or the sampler. When it cannot be written, the drill itself learns that."""
        with suppress(JournalError):
            self._tell(ev, sync=sync, side=self.name, **fields)

"""One side of a drill: a platform, the load on it and the eyes on both, all telling the same journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psutil

from harness.conditions.grammar import Measure
from harness.drill.run import Tell
from harness.faults.base import Target
from harness.load.base import Load
from harness.platforms.base import Platform
from harness.probes.sampler import Sampler, Values


class LiveSide:
    """Brings its parts up in order and takes them down in the other; `make_load` gets the platform that is up."""

    def __init__(
        self,
        name: str,
        platform: Platform,
        make_load: Callable[[Platform], Load],
        measures: Sequence[Measure],
        tell: Tell,
    ) -> None:
        self.name, self.platform = name, platform
        self._make_load, self._measures, self._tell = make_load, measures, tell
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
        self._load = self._make_load(self.platform)
        self._load.start(self._heard, lambda why: self._tell("load-ended", side=self.name, why=why))
        self._sampler = Sampler(self.platform, self._measures, sorted(self.platform.state()))
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
            self._tell("load", side=self.name, t=word["t"], deltas=word["deltas"])
        elif kind == "hello":
            pid = word["pid"]
            started = psutil.Process(pid).create_time()
            self._tell("process", sync=True, side=self.name, what="load", pid=pid, pgid=pid, started=started)
        else:
            self._tell("load-bye", side=self.name, word=dict(word))

    def _sampled(self, values: Values) -> None:
        self._tell("probe", side=self.name, values=values)

    def _blind(self, error: Exception) -> None:
        if not self._ending:
            self._tell("crash", text=f"the sampler of {self.name} broke: {type(error).__name__}: {error}")

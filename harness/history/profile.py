"""Under which conditions the latencies of a run were measured: only runs with the same ones are compared."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from harness.history.collect import JUDGED
from harness.history.entry import LoadEntry, Quantile, RunEntry
from harness.stats.prediction import RunPoint


@dataclass(frozen=True)
class Profile:
    """The conditions of a measurement. `parallel`: drills that shared the machine; `start`: of the toggles; `sides`: of
    each drill that were up at once."""

    scenario: str
    series: str
    platform: str
    engine: str
    rate_per_s: float | None
    parallel: int
    start: str
    host_class: str
    sides: int = 2

    def text(self) -> str:
        """A text that is equal for equal profiles."""
        fields = asdict(self)
        if self.sides == 2:
            del fields["sides"]  # as in a history from before there were sequential controls
        return json.dumps(fields, sort_keys=True)

    def is_about(self, other: Profile) -> bool:
        """Whether both are about the same load, under whatever conditions."""
        return (self.scenario, self.series) == (other.scenario, other.series)

    def differences(self, other: Profile) -> Iterator[str]:
        """What the other one has, where it is not the same."""
        for name, here, there in (
            ("host class", self.host_class, other.host_class),
            ("platform", self.platform, other.platform),
            ("load engine", self.engine or "unknown", other.engine or "unknown"),
            ("rate", _rate(self.rate_per_s), _rate(other.rate_per_s)),
            ("number of parallel drills", self.parallel, other.parallel),
            ("number of sides at once", self.sides, other.sides),
            ("start of the toggles", self.start, other.start),
        ):
            if here != there:
                yield f"another {name}: {there} instead of {here}"


def _rate(rate_per_s: float | None) -> str:
    return "the scenario's own" if rate_per_s is None else f"{rate_per_s:g} per second"


@dataclass(frozen=True)
class Measured:
    """The first series of a scenario in one run: what is compared."""

    run: RunEntry
    load: LoadEntry

    @property
    def profile(self) -> Profile:
        """The conditions of this measurement."""
        run, load = self.run, self.load
        return Profile(
            load.scenario,
            load.series,
            run.platform,
            load.engine,
            load.rate_per_s,
            load.parallel,
            run.start,
            run.host.host_class,
            load.sides,
        )

    @property
    def quantile(self) -> Quantile | None:
        """P95 in ms; None: it lies among the bad arrivals, or there are none."""
        return self.load.quantile(JUDGED)

    @property
    def referenced(self) -> bool:
        """Whether the speed of the machine was measured."""
        return self.load.reference_ms is not None

    @property
    def point(self) -> RunPoint:
        """P95 and reference, for a prediction. Raises ValueError without a P95."""
        if self.quantile is None:
            raise ValueError(f"run {self.run.number} has no P95")
        return RunPoint(self.quantile.value_ms, self.load.reference_ms)


def measured(run: RunEntry, scenario: str | None = None) -> list[Measured]:
    """What can be compared of a run: the first series of each scenario, or of one."""
    return [Measured(run, load) for load in run.loads if load.first and scenario in (None, load.scenario)]

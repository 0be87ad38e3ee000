"""Measures of a service that are sampled once a second and compared as they are."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from harness.measures.base import Condition, Measure
from harness.measures.openslo import OpenSloForm, cannot_express
from harness.measures.probe import Probe
from harness.measures.reading import Events, PodSample, Reading
from harness.measures.selector import is_selector
from harness.measures.source import Source

Samples = Callable[[str], Sequence[PodSample]]
"""The samples of a window by the key of their probe, oldest first."""


class SampledMeasure(Measure):
    """Base of the measures of a Deployment."""

    @property
    @abstractmethod
    def probes(self) -> Sequence[Probe]:
        """The probes that have to be sampled for this measure."""

    @abstractmethod
    def readings(self, samples: Samples) -> list[Reading]:
        """One value per sample of a window, oldest first; what needs two samples has none for the first one.

        The docstring of a measure says how it is taken over the pods (sum, largest, any).
        """

    def events(self, condition: Condition, samples: Samples) -> Events | None:
        """The events of a window, for a measure that is a share of them; None for others, and without data."""
        return None


class StateMeasure(SampledMeasure):
    """Base of the measures with two states, bad (1.0) and good (0.0).

    A Deployment is bad while any pod is. It is good when every pod is, so unknown while some pod does not answer.
    """

    unit = "state"
    bad: ClassVar[str]
    good: ClassVar[str]
    without_pods: ClassVar[float | None]
    """The value without any pod; None: unknown."""

    @classmethod
    def state(cls, source: Source) -> Condition:
        """The condition on the state. Raises ConditionError unless it is compared by == or != with one of the two."""
        if source.value not in (cls.bad, cls.good) or source.op not in ("==", "!="):
            raise source.error(f"`{cls.function}` is compared by == with {cls.bad} or {cls.good}")
        return Condition(source.text, cls(source.args), source.op, 1.0 if source.value == cls.bad else 0.0)

    def readings(self, samples: Samples) -> list[Reading]:
        """The worst state of the pods."""
        return [self._worst(sample) for sample in samples(self.key)]

    def _worst(self, sample: PodSample) -> Reading:
        worst = max(sample.pods.values(), default=self.without_pods)
        return Reading(sample.at_s, worst, at_least=bool(sample.missing) and worst != 1.0)

    def openslo(self, condition: Condition) -> OpenSloForm:
        """The good state in every time slice."""
        if (condition.op == "==") != (condition.value == 0):
            raise cannot_express(condition.text, f"an SLO can only require the state {self.good}")
        return self.threshold("<=", 0.0)

    @classmethod
    def from_threshold(cls, measure: str, op: str, value: float) -> str:
        """The condition that it is in its good state; raises ValueError for other thresholds."""
        if (op, value) not in (("<", 1), ("<=", 0)):
            meaning = f"is 1 when {cls.bad}, 0 when {cls.good}"
            raise ValueError(f"`{cls.function}` {meaning}; write op lte and value 0, for {cls.good}")
        return f"{measure} == {cls.good}"


def check_selector(source: Source, argument: str) -> None:
    """Raises ConditionError unless an argument is a metric's name with optional labels."""
    if not is_selector(argument):
        raise source.error(f"`{argument}` is not a metric's name with optional labels")

"""Contract of a measure, and the condition that compares a measure with a value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from harness.measures.comparison import compare
from harness.measures.openslo import OPERATORS, OpenSloForm, cannot_express, metric_source, tidy
from harness.measures.probe import Probe
from harness.measures.promql import BadShare, Indicators, no_rule
from harness.measures.reading import Reading
from harness.measures.source import Source, quoted

Unit = Literal["ms", "ratio", "count", "state"]
"""Base units of values: milliseconds, a fraction of one, a number, and a state as 1.0 (bad) or 0.0 (good)."""


@dataclass(frozen=True)
class Measure(ABC):
    """What a condition measures: the arguments of one function. Equal measures are sampled once."""

    args: tuple[str, ...]

    function: ClassVar[str]
    """Name in conditions and in the keys of the record, such as `health`."""
    unit: ClassVar[Unit]
    higher_is_better: ClassVar[bool] = False
    never_negative: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def parse(cls, source: Source) -> Condition:
        """The condition on this measure. Raises ConditionError when the arguments, comparison or value do not fit."""

    def openslo(self, condition: Condition) -> OpenSloForm:
        """The OpenSLO form of a condition on this measure: by default a threshold that holds in every time slice.

        Raises ConditionError when OpenSLO cannot express it.
        """
        op = condition.op
        if op == "==" and condition.value == 0 and self.never_negative:
            op = "<="
        if op not in OPERATORS:
            raise cannot_express(condition.text, "OpenSLO has no == and no !=; write <, <=, > or >=")
        return self.threshold(op, condition.value)

    def threshold(self, op: str, value: float) -> OpenSloForm:
        """The OpenSLO form "this measure is below or above `value` in every time slice"."""
        indicator = {"thresholdMetric": metric_source({"measure": self.text})}
        return OpenSloForm(self.subject, indicator, {"op": OPERATORS[op], "value": tidy(value)}, always=True)

    @classmethod
    def from_threshold(cls, measure: str, op: str, value: float) -> str:
        """The condition for an OpenSLO threshold on `measure`, this measure's text, in OpenSLO's units.

        Raises ValueError with the reason when the threshold makes no sense for this measure.
        """
        return f"{measure} {op} {digits(value)}"

    def bad_share(self, condition: Condition, indicators: Indicators, deployment_label: str) -> BadShare:
        """The share of bad events of a condition on this measure in PromQL; `deployment_label` selects a Deployment.

        Raises ConditionError when it is none, or the bindings do not say what the service counts.
        """
        raise no_rule(condition.text, f"`{self.function}` is no share of events that a service counts")

    def allowed_bad(self, condition: Condition) -> float | None:
        """The share of bad events that a condition on this measure allows; None: it is on no share of events."""
        return condition.theta

    @property
    def subject(self) -> str:
        """The load series or Deployment that is measured; in OpenSLO the service."""
        return self.args[0]

    @property
    def series(self) -> str | None:
        """The load series whose arrivals are counted; None for what is sampled from a service."""
        return None

    @property
    def probes(self) -> Sequence[Probe]:
        """The probes that have to be sampled; none for a measure of the load."""
        return ()

    @property
    def key(self) -> str:
        """Name of this measure's samples in the record."""
        return f"{self.function}({', '.join(self.args)})"

    @property
    def text(self) -> str:
        """This measure as a condition spells it, with quotes where the grammar needs them."""
        return f"{self.function}({', '.join(quoted(argument) for argument in self.args)})"


@dataclass(frozen=True)
class Condition:
    """`measure op value`, the value in the measure's base unit.

    On a fraction of arrivals the question is a Bernoulli one: `theta` is the allowed fraction of bad arrivals, None for
    other measures. `over_ms` is the latency from which on an arrival is bad; None when latency does not matter.
    """

    text: str
    measure: Measure
    op: str
    value: float
    over_ms: float | None = None
    theta: float | None = None

    @property
    def unit(self) -> Unit:
        """Unit of the value: that of the measure."""
        return self.measure.unit

    @property
    def series(self) -> str | None:
        """The load series whose arrivals decide the condition; None for what is sampled from a service."""
        return self.measure.series

    @property
    def wants_low(self) -> bool:
        """True for `<` and `<=`: few bad events fulfil the condition, as in an SLO. False as in a symptom."""
        return self.op in ("<", "<=")

    def is_met_by(self, value: float) -> bool:
        """Whether `value op self.value` is true."""
        return compare(value, self.op, self.value)

    def decided_by(self, reading: Reading) -> bool | None:
        """Whether a reading meets the condition; None: unknown. A lower bound decides if every larger value does so."""
        value = reading.value
        if value is None:
            return None
        larger_alike = value > self.value or (value == self.value and self.op in ("<", ">="))
        return self.is_met_by(value) if larger_alike or not reading.at_least else None


def digits(value: float) -> str:
    """A number without exponent and without the last bits of a float: nine decimals at most."""
    return f"{value:.9f}".rstrip("0").rstrip(".")

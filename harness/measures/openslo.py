"""OpenSLO forms of conditions: an indicator and an objective, without the rest of the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import ConditionError

if TYPE_CHECKING:  # a report reads no YAML
    from harness.schema.tree import Plain

TYPE = "gameday"
"""`metricSource.type` of a source whose `spec` has the keys of docs/reference/slos.md."""
SYMBOLS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
OPERATORS = {symbol: name for name, symbol in SYMBOLS.items()}


@dataclass(frozen=True)
class OpenSloForm:
    """What depends on the condition in its OpenSLO document.

    `always`: the objective holds in every time slice (budgetingMethod Timeslices) rather than for a share of events.
    """

    service: str
    indicator: Mapping[str, Plain]
    objective: Mapping[str, Plain]
    always: bool = False


def metric_source(spec: Mapping[str, Plain]) -> dict[str, Plain]:
    """A metricSource of our type with this spec."""
    return {"metricSource": {"type": TYPE, "spec": dict(spec)}}


def ratio_of(side: str, part: Mapping[str, Plain], total: Mapping[str, Plain]) -> dict[str, Plain]:
    """An indicator: `part` of `total`, both specs; `side` is `good` or `bad`."""
    return {"ratioMetric": {"counter": True, side: metric_source(part), "total": metric_source(total)}}


def arrivals_of(series: str, side: str, kinds: tuple[str, ...] = ()) -> dict[str, Plain]:
    """An indicator: the good or bad arrivals of a series, bad ones of these kinds only (none given: of all)."""
    part: dict[str, Plain] = {"series": series, "events": side, **({"kinds": list(kinds)} if kinds else {})}
    return ratio_of(side, part, {"series": series, "events": "all"})


def cannot_express(text: str, fact: str) -> ConditionError:
    """The error for a condition that OpenSLO has no form for: its text and the reason."""
    return ConditionError(f"condition `{text}`: cannot be an SLO: {fact} (docs/reference/slos.md)")


def remainder(share: float) -> float | int:
    """1 − share, as a target: without the last bits of a float."""
    return tidy(round(1 - share, 9))


def tidy(value: float) -> float | int:
    """`500` rather than `500.0`; nine decimals at most."""
    return int(value) if value == int(value) else round(value, 9)

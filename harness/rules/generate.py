"""Makes the rules of SLOs: recorded bad shares by window, an alert for each burn rate, and one for missing data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import ConditionError
from harness.measures.promql import BadShare, Indicators
from harness.slo import Slo
from harness.stats.burn import ROWS, WINDOWS, Row, Window

RECORDED = "slo:bad_share:rate"
"""Begins the names of the recorded series; the window follows."""
NO_DATA_FOR = "10m"


@dataclass(frozen=True)
class Alert:
    """One alert rule; `row` None: of missing data."""

    name: str
    slo: str
    severity: str
    expression: str
    summary: str
    row: Row | None = None
    threshold: float = 0.0
    """The bad share above which it fires, in both windows of its row."""


@dataclass(frozen=True)
class SloRules:
    """What was made of one SLO; `runbooks`: ids, `runbook_url`: literal, without templates."""

    slo: Slo
    share: BadShare
    runbooks: tuple[str, ...]
    runbook_url: str
    alerts: tuple[Alert, ...]


@dataclass(frozen=True)
class Rules:
    """The rules of several SLOs, and why there are none of the others."""

    slos: tuple[SloRules, ...]
    notes: tuple[str, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)
    """Why an SLO has no rule, by its name."""
    indicators: Indicators = field(default_factory=dict)


def rules_of(
    slos: Mapping[str, tuple[Slo, Sequence[str]]],
    indicators: Indicators,
    urls: Mapping[str, str],
    document_url: str,
    deployment_label: str = "deployment",
) -> Rules:
    """The rules of SLOs, by name with the ids of their runbooks; `urls`: the place of each runbook, by id.

    The alert of an SLO that several runbooks have names the document.
    """
    made: list[SloRules] = []
    notes: list[str] = []
    without: dict[str, str] = {}
    for slo, runbooks in slos.values():
        try:
            share = slo.condition.measure.bad_share(slo.condition, indicators, deployment_label)
        except ConditionError as error:
            without[slo.name] = str(error)
            continue
        url = urls[runbooks[0]] if len(runbooks) == 1 else document_url
        alerts = tuple(_alerts(slo, notes))
        made.append(SloRules(slo, share, tuple(runbooks), url, alerts))
    reasons = (f"{name}: {why}" for name, why in without.items())
    return Rules(tuple(made), (*reasons, *notes), without, indicators)


def recorded(slo: str, window: Window) -> str:
    """The recorded bad share of an SLO over a window."""
    return f'{RECORDED}{window.text}{{slo="{slo}"}}'


def _alerts(slo: Slo, notes: list[str]) -> Iterator[Alert]:
    allowed = slo.condition.measure.allowed_bad(slo.condition) or 0.0
    for row in ROWS:
        rate = row.burn_rate(slo.window_s)
        threshold = rate * allowed
        if threshold >= 1:
            share = f"{rate:g} times the {allowed:.3g} of its target"
            notes.append(f"{slo.name}: no {row.severity} alert: {share} is no share of events; a slower burn has one")
            continue
        yield Alert(
            name=f"{_camel(slo.name)}{row.name}",
            slo=slo.name,
            severity=row.severity,
            expression=" and ".join(f"{recorded(slo.name, each)} > {threshold:.6g}" for each in (row.short, row.long)),
            summary=f"{slo.name}: more than {threshold:.3g} of the events are bad over {row.long.text} and "
            f"{row.short.text}: {row.budget_share:.0%} of the error budget is used within {row.long.text}",
            row=row,
            threshold=threshold,
        )
    yield Alert(
        name=f"{_camel(slo.name)}NoData",
        slo=slo.name,
        severity="P2",
        expression=f"absent({recorded(slo.name, WINDOWS[0])})",
        summary=f"{slo.name}: there is nothing to judge it by: no requests, or a metric that is called otherwise",
    )


def _camel(name: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", name))

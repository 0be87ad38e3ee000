"""Probes: what the sampler reads once a second for a measure. Each yields one number per pod under its key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from harness.measures.selector import Sample, Selector

NAMESPACE, SIDE, DEPLOYMENT = "$namespace", "$side", "$deployment"
"""In an expression or a selector for a monitoring system: the namespace of the side, `treatment` or `control`, and the
Deployment."""
Reader: TypeAlias = Callable[[Sequence[Sample]], float | None]
"""The number for one pod from the samples of its /metrics page; None when they do not contain it."""


@dataclass(frozen=True)
class HealthProbe:
    """The health check of the pods of a Deployment: 0.0 for 2xx and 3xx, otherwise 1.0."""

    key: str
    deployment: str


@dataclass(frozen=True)
class LogProbe:
    """Number of log lines of a Deployment so far that match a regular expression, case ignored."""

    key: str
    deployment: str
    pattern: str


@dataclass(frozen=True)
class MetricProbe:
    """Sum of the selected samples on /metrics of the pods of a Deployment; `deployment` None: of all Deployments."""

    key: str
    deployment: str | None
    selector: Selector

    def reader(self) -> Reader:
        """The function that reads one pod; each pod needs a reader of its own, which may remember earlier samples."""
        return self.selector.total


@dataclass(frozen=True)
class FamilyProbe(MetricProbe):
    """Sum of a metric family, wherever it is exported."""

    def reader(self) -> Reader:
        """As in MetricProbe."""
        return self.selector.family_total


@dataclass(frozen=True)
class PromProbe:
    """The number that a PromQL expression has now, asked of the Prometheus of the side."""

    key: str
    query: str
    deployment: None = None
    """It may be about several Deployments, or none."""


@dataclass(frozen=True)
class RequestProbe:
    """A request of a user, sent to a Service once a second: 0.0 for a good answer, otherwise 1.0."""

    name: str
    service: str
    method: str
    """Of HTTP, or `websocket`: only the handshake."""
    path: str
    body: object = None
    """JSON; None: no body."""
    headers: Mapping[str, str] = field(default_factory=dict)
    place: str = field(default="", compare=False)
    """File, line and column in the bindings."""


def request_key(name: str) -> str:
    """The key of the samples of a RequestProbe."""
    return f"request({name})"


Probe: TypeAlias = HealthProbe | LogProbe | MetricProbe | PromProbe


def health(deployment: str) -> HealthProbe:
    """The probe that the condition `health(DEPLOYMENT)` has."""
    return HealthProbe(f"health({deployment})", deployment)


def near_names(name: str) -> tuple[str, ...]:
    """The names that are often written for each other: of a counter, with and without `_total`."""
    plain = name.partition("{")[0].strip()
    return (plain.removesuffix("_total"),) if plain.endswith("_total") else (f"{plain}_total",)


def family(name: str) -> FamilyProbe:
    """The probe of a metric that a dashboard of the runbook names."""
    return FamilyProbe(f"family({name})", None, Selector.parse(name))

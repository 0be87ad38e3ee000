"""The monitoring systems that a run starts or asks, as its request names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from harness import shipped
from harness.bindings import Bindings
from harness.conditions import Condition
from harness.errors import BindingError, GamedayError, MachineError, MonitoringError
from harness.listeners.grafana import Annotations
from harness.listeners.progress import ReadJudge
from harness.listeners.telemetry import settings_of
from harness.listeners.telemetry.listener import Telemetry
from harness.measures.probe import PromProbe
from harness.observability import server
from harness.observability.alertmanager import NAMES as ALERTMANAGERS
from harness.observability.api import Api
from harness.observability.image_program import program_of
from harness.observability.monitor import NAMESPACE, Systems
from harness.observability.program import find_program
from harness.plan import DrillPlan, GamedayPlan
from harness.record.listener import Listener


@dataclass(frozen=True)
class MonitoringChoice:
    """Which monitoring systems a run starts, and which existing ones it asks."""

    own: bool = False
    """Whether each side gets a Prometheus of its own."""
    program: Path | None = None
    """The program `prometheus`; None: the one on PATH."""
    image: str | None = None
    """The container image out of which this program is taken instead."""
    prometheus_url: str | None = None
    """An existing Prometheus; it is only read."""
    jaeger_url: str | None = None
    """An existing Jaeger: the URL of its query API."""
    grafana_url: str | None = None
    """An existing Grafana."""
    annotate: bool = False
    """Whether to write the faults, steps and verdicts of the drills to this Grafana, as annotations."""


def systems_of(choice: MonitoringChoice, rules: str = "", dashboards: Path | None = None) -> Systems | None:
    """The systems of a choice; None for none. Raises MachineError without the program or its image, MonitoringError
    for a URL.

    `rules`: of the Prometheus of the treatment. `dashboards`: a folder with the dashboards of the services, which are
    checked without a Grafana.
    """
    if choice.annotate and not choice.grafana_url:
        raise MonitoringError("--grafana-annotate: no Grafana is named; add --grafana-url URL")
    asked = Systems(grafana=_named("Grafana", choice.grafana_url), jaeger=_named("Jaeger", choice.jaeger_url))
    if choice.prometheus_url:
        return replace(asked, prometheus=_named("Prometheus", choice.prometheus_url))
    if not choice.own:
        return asked if asked.grafana or asked.jaeger else None
    image, alertmanager = choice.image, None
    program = program_of(image, server.NAMES[0]) if image else find_program(server.NAMES, choice.program, server.FIX)
    with suppress(MachineError):  # without one, alerts end at Prometheus
        alertmanager = find_program(ALERTMANAGERS, None, "")
    return replace(asked, program=program, alertmanager=alertmanager, rules=rules, dashboards=dashboards)


def _named(system: str, url: str | None) -> Api | None:
    return Api.named_by_user(system, url) if url else None


def listeners_of(
    choice: MonitoringChoice, environment: Mapping[str, str], failed: Callable[[str], None]
) -> Iterator[Callable[[ReadJudge], Listener]]:
    """The listeners that write annotations and export telemetry, as far as they are asked for; `failed` gets the first
    error of each. Raises MonitoringError for a variable that cannot be used."""
    if choice.annotate and choice.grafana_url:
        api = Api.named_by_user("Grafana", choice.grafana_url)
        yield lambda judge: Annotations(api, judge, failed)
    if (settings := settings_of(environment)).wanted:
        yield lambda judge: Telemetry(settings, judge, failed)


TRACING = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_SAMPLER_ARG")
"""What the shipped services read."""


def pod_environment(platform: str, bindings: Bindings, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Where the traces of the shipped services go: to the endpoint of gameday's own, which local pods can reach."""
    if platform != "local" or bindings.own_key or not settings_of(environment).traces_url:
        return {}
    return {name: environment[name] for name in TRACING if environment.get(name)}


def shipped_dashboards(bindings: Bindings) -> Path | None:
    """The folder with the dashboards of the shipped services; None if others run."""
    return None if bindings.own_key else shipped.ROOT / "deploy" / "grafana" / "dashboards"


def monitoring_problems(plan: GamedayPlan, choice: MonitoringChoice) -> Iterator[GamedayError]:
    """The conditions in PromQL that nothing would answer, or that would be the same on both sides."""
    for drill in plan.drills:
        for condition in drill.conditions:
            queries = [each.query for each in condition.measure.probes if isinstance(each, PromProbe)]
            if queries and (fact := _problem(drill, queries[0], plan, choice)):
                yield _error(condition, fact)


def _problem(drill: DrillPlan, query: str, plan: GamedayPlan, choice: MonitoringChoice) -> str:
    if choice.prometheus_url is None:
        fix = "add --observability, or --prometheus-url URL"
        return "" if choice.own else f"no Prometheus is part of this run; {fix}"
    if plan.bindings.control or NAMESPACE in query:
        return ""
    fix = f'select the side by its namespace, such as {{namespace="{NAMESPACE}"}}'
    return f"the Prometheus of --prometheus-url has both sides of {drill.runbook.id}; {fix}"


def _error(condition: Condition, fact: str) -> GamedayError:
    return BindingError(f"condition `{condition.text}`: {fact}")

"""The monitoring systems that a run starts or asks, as its request names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from harness import shipped
from harness.bindings import Bindings
from harness.clock import now_s
from harness.conditions import Condition
from harness.errors import BindingError, GamedayError, MachineError, MonitoringError
from harness.listeners.grafana import Annotations
from harness.listeners.progress import ReadJudge
from harness.listeners.telemetry import settings_of
from harness.listeners.telemetry.listener import Telemetry
from harness.measures.probe import NAMESPACE, SIDE, LogProbe, PromProbe
from harness.observability import server
from harness.observability.alertmanager import NAMES as ALERTMANAGERS
from harness.observability.api import Api
from harness.observability.image_program import program_of
from harness.observability.log_lines import lines_of
from harness.observability.loki import Loki, check_clock
from harness.observability.monitor import Systems
from harness.observability.program import find_program
from harness.plan import DrillPlan, GamedayPlan
from harness.record.listener import Listener
from harness.rules import Rules
from harness.rules.files import rules_file


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
    loki_url: str | None = None
    """An existing Loki, in which the log lines of conditions are counted."""
    annotate: bool = False
    """Whether to write the faults, steps and verdicts of the drills to this Grafana, as annotations."""


NO_RULES = Rules(())


def systems_of(
    choice: MonitoringChoice, rules: Rules = NO_RULES, dashboards: Path | None = None, log_selector: str = ""
) -> Systems | None:
    """The systems of a choice; None for none. Raises MachineError without the program or its image, MonitoringError
    for a URL.

    `rules`: of the Prometheus of the treatment. `dashboards`: a folder with the dashboards of the services, which are
    checked without a Grafana. `log_selector`: the streams of a Deployment in Loki.
    """
    if choice.annotate and not choice.grafana_url:
        raise MonitoringError("--grafana-annotate: no Grafana is named; add --grafana-url URL")
    asked = Systems(
        grafana=_named("Grafana", choice.grafana_url),
        jaeger=_named("Jaeger", choice.jaeger_url),
        loki=_named("Loki", choice.loki_url),
        log_selector=log_selector,
    )
    if choice.prometheus_url:
        return replace(asked, prometheus=_named("Prometheus", choice.prometheus_url))
    if not choice.own:
        return asked if asked.grafana or asked.jaeger or asked.loki else None
    image, alertmanager = choice.image, None
    program = program_of(image, server.NAMES[0]) if image else find_program(server.NAMES, choice.program, server.FIX)
    with suppress(MachineError):  # without one, alerts end at Prometheus
        alertmanager = find_program(ALERTMANAGERS, None, "")
    text = rules_file(rules) if rules.slos else ""
    own = replace(asked, program=program, alertmanager=alertmanager, dashboards=dashboards)
    return replace(own, rules=text, without_rules=rules.without)


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


IN_A_CLUSTER = ("kind", "kubernetes")
"""The platforms on which each side has a namespace of its own."""
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


def monitoring_problems(plan: GamedayPlan, choice: MonitoringChoice, platform: str) -> Iterator[GamedayError]:
    """The conditions in PromQL that nothing would answer, or that would be the same on both sides."""
    for drill in plan.drills:
        for condition in drill.conditions:
            queries = [each.query for each in condition.measure.probes if isinstance(each, PromProbe)]
            if queries and (fact := _problem(drill, queries[0], plan, choice, platform)):
                yield _error(condition, fact)


def log_problems(plan: GamedayPlan, api: Api, platform: str) -> Iterator[GamedayError]:
    """Why a Loki cannot answer the conditions on logs: both sides alike, a clock, a refusal; each reason once."""
    bindings, probes = plan.bindings, dict(_log_probes(plan))
    if not probes:
        return
    if not bindings.control and not _differs_by_side(bindings.log_selector, platform):
        fact = f"`{bindings.log_selector}` selects the logs of both sides"
        yield BindingError(f"{bindings.path}: loki.selector: {fact}; {_side_label(platform)}")
    try:
        check_clock(api)
    except MonitoringError as error:
        yield error
        return
    reasons = {why: condition for condition, probe in probes.items() if (why := _refusal(bindings, api, probe))}
    yield from (_error(condition, why) for why, condition in reasons.items())


def _log_probes(plan: GamedayPlan) -> Iterator[tuple[Condition, LogProbe]]:
    for drill in plan.drills:
        for condition in drill.conditions:
            yield from ((condition, each) for each in condition.measure.probes if isinstance(each, LogProbe))


def _refusal(bindings: Bindings, api: Api, probe: LogProbe) -> str:
    """Why Loki does not count the lines of a second in the past, whatever their number; "" if it does."""
    now = now_s()
    try:
        Loki(api).count(lines_of(probe, bindings.log_selector, bindings.namespace), now - 1, now)
    except MonitoringError as error:
        return str(error)
    return ""


def _problem(drill: DrillPlan, query: str, plan: GamedayPlan, choice: MonitoringChoice, platform: str) -> str:
    if choice.prometheus_url is None:
        fix = "add --observability, or --prometheus-url URL"
        return "" if choice.own else f"no Prometheus is part of this run; {fix}"
    if plan.bindings.control or _differs_by_side(query, platform):
        return ""
    return f"the Prometheus of --prometheus-url has both sides of {drill.runbook.id}; {_side_label(platform)}"


def _differs_by_side(text: str, platform: str) -> bool:
    """Whether an expression or a selector is another one on each side; only in a cluster have they two namespaces."""
    return SIDE in text or (NAMESPACE in text and platform in IN_A_CLUSTER)


def _side_label(platform: str) -> str:
    """What to do about an expression that is the same on both sides."""
    if platform in IN_A_CLUSTER:
        return f'select the side by its namespace, such as {{namespace="{NAMESPACE}"}}'
    return f'on {platform} they have one namespace: select by a label of your own, such as {{side="{SIDE}"}}'


def _error(condition: Condition, fact: str) -> GamedayError:
    return BindingError(f"condition `{condition.text}`: {fact}")

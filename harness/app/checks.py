"""Checks that every name in the bindings of a plan exists: scenarios, services, series, faults, symptoms."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from harness.bindings import Bindings, RunbookBinding
from harness.cluster import manifest
from harness.conditions import Condition
from harness.errors import BindingError, GamedayError
from harness.faults.admin import LOAD
from harness.faults.base import needs_of
from harness.faults.factory import make_fault
from harness.faults.implemented import not_implemented
from harness.load.job import check_shared
from harness.load.scenario import Scenario, load_shape, scenario_of
from harness.manifests import Manifests
from harness.measures.probe import HealthProbe, MetricProbe, Probe
from harness.plan import DrillPlan, GamedayPlan
from harness.platforms.base import Need, Provider


def part_problems(plan: GamedayPlan, workers: int | None) -> Iterator[GamedayError]:
    """Every problem with the names in the bindings of all drills; `workers` generate the load in the cluster."""
    yield from _of_probes(plan)
    for drill in plan.drills:
        yield from _of_scenario(drill, plan, workers)
        yield from _of_service(drill, plan.bindings)
        yield from _of_faults(drill, plan)
        yield from _of_control(drill, plan.bindings)
        yield from _of_symptoms(drill)
        yield from _of_measures(drill, plan.bindings)
        yield from _of_toggles(drill, plan)


def refusals(plan: GamedayPlan, provider: Provider) -> Iterator[GamedayError]:
    """Every fault that the platform cannot apply, with the reason."""
    for drill in plan.drills:
        for spec in plan.bindings.faults[drill.binding.fault] if drill.binding else ():
            try:
                needs = needs_of(make_fault(spec))
            except GamedayError:  # a part problem
                continue
            for why in filter(None, map(provider.refusal, sorted(needs, key=lambda need: need.name))):
                place = f"{spec.place}: " if spec.place else ""
                yield BindingError(f"{place}fault `{spec.text}` cannot be applied on --platform {provider.name}: {why}")


def _deployments(bindings: Bindings) -> Collection[str]:
    """Those of the bindings' services, compose project or manifests, else the shipped ones."""
    return bindings.own_deployments if bindings.own_key else tuple(manifest.read().deployments)


def _services(bindings: Bindings) -> Collection[str]:
    """As the Deployments; in manifests, a Service can have another name."""
    return bindings.own_services if bindings.own_key else tuple(manifest.read().deployments)


def _of_probes(plan: GamedayPlan) -> Iterator[GamedayError]:
    for probe in plan.bindings.probes:
        if fact := _no_service(probe.service, plan.bindings):
            yield BindingError(f"{probe.place}: probes.{probe.name}.service: {fact}")


def _of_scenario(drill: DrillPlan, plan: GamedayPlan, workers: int | None) -> Iterator[GamedayError]:
    if drill.binding is None:
        return
    try:
        scenario = scenario_of(drill.binding, plan.bindings.path.parent)
        if workers:
            check_shared(drill.binding, workers)
    except GamedayError as error:
        yield BindingError(f"{_at(drill, 'scenario')}{error}")
        return
    yield from _of_users(drill, drill.binding, scenario)
    series = scenario.series
    if series and drill.binding.series not in series:
        fact = f"scenario `{drill.binding.scenario}` has no series `{drill.binding.series}`; it has {', '.join(series)}"
        yield BindingError(f"{_at(drill, 'series')}{fact}")


def _of_users(drill: DrillPlan, binding: RunbookBinding, scenario: Scenario) -> Iterator[GamedayError]:
    """A locustfile has users; everything else has a rate."""
    if not scenario.locustfile:
        for key in {"users", "spawn_rate"} & binding.places.keys():
            yield BindingError(f"{_at(drill, key)}is for a plain locustfile; `{binding.scenario}` has `rate`")
        return
    if binding.users is None:
        fact = f"`{binding.scenario}` is a locustfile; add `users`, how many of them run at once"
        yield BindingError(f"{_at(drill, 'scenario')}{fact}")
    if binding.rate is not None:
        fact = "a locustfile has no rate of arrivals: its users send when they got their answers; give `users`"
        yield BindingError(f"{_at(drill, 'rate')}{fact}")
    if shape := load_shape(scenario.file):
        fact = f"`{binding.scenario}` has the load shape {shape}, which would change the users in the drill; remove it"
        yield BindingError(f"{_at(drill, 'scenario')}{fact}")


def _of_service(drill: DrillPlan, bindings: Bindings) -> Iterator[GamedayError]:
    if drill.binding and (fact := _no_service(drill.binding.service, bindings)):
        yield BindingError(f"{_at(drill, 'service')}{fact}")


def _no_service(name: str, bindings: Bindings) -> str:
    """Return that there is no service of this name; "" if there is."""
    known = _services(bindings)
    return "" if name in known else f"there is no service `{name}`; known: {', '.join(known) or 'none'}"


def _of_faults(drill: DrillPlan, plan: GamedayPlan) -> Iterator[GamedayError]:
    deployments, own = _deployments(plan.bindings), plan.bindings.own_key is not None
    faults = _faults_of_scenario(drill, plan)
    for spec in plan.bindings.faults.get(drill.binding.fault, ()) if drill.binding else ():
        place = f"{spec.place}: " if spec.place else ""
        if spec.at != LOAD and spec.at not in deployments:
            fact = f"there is no Deployment `{spec.at}`; known: {', '.join((*deployments, LOAD))}"
            yield BindingError(f"{place}{fact}")
            continue
        if fact := not_implemented(spec, faults, own=own):
            yield BindingError(f"{place}fault `{spec.text}`: {fact}")
        try:
            needs = needs_of(make_fault(spec))
        except GamedayError as error:
            yield BindingError(f"{place}{error}")
            continue
        service = plan.bindings.services.get(spec.at)
        if service and service.volume is None and Need.VOLUME in needs:
            fix = f"give its size, such as `volume: 64Mi`, at services.{service.name} ({service.place})"
            yield BindingError(f"{place}fault `{spec.text}`: {service.name} has no volume; {fix}")


def _of_control(drill: DrillPlan, bindings: Bindings) -> Iterator[GamedayError]:
    """A fault that ends by itself while a sequential control is observed."""
    control = bindings.control
    for spec in bindings.faults.get(drill.binding.fault, ()) if drill.binding else ():
        if control and control.observe_s and control.observe_s >= spec.max_duration_s:
            place = f"{control.place}: control.observe_s" if control.place else "--observe"
            fact = f"{control.observe_s:g} s is longer than the fault `{spec.text}` lasts (max_duration_s)"
            yield BindingError(f"{place}: {fact}: at most {spec.max_duration_s:g} s, with a little to spare")


def _faults_of_scenario(drill: DrillPlan, plan: GamedayPlan) -> tuple[str, ...] | None:
    try:
        return scenario_of(drill.binding, plan.bindings.path.parent).faults if drill.binding else None
    except GamedayError:
        return None


def _of_symptoms(drill: DrillPlan) -> Iterator[GamedayError]:
    """A binding of a symptom that the runbook does not have is silent otherwise."""
    for bound in drill.binding.symptoms if drill.binding else ():
        if bound.alert is None and not any(bound.matches(symptom) for symptom in drill.runbook.symptoms):
            wanted = f"at line {bound.line}" if bound.line is not None else f"that contains `{bound.contains}`"
            lines = ", ".join(f"line {symptom.line}" for symptom in drill.runbook.symptoms) or "none"
            place = f"{bound.place}: " if bound.place else ""
            fact = f"{drill.runbook.id} has no symptom {wanted}; its symptoms: {lines}"
            yield BindingError(f"{place}{fact}")


def _of_measures(drill: DrillPlan, bindings: Bindings) -> Iterator[GamedayError]:
    """What is measured at a service that does not exist, or at one of the bindings that has no metrics."""
    slos = drill.binding.slos.values() if drill.binding else ()
    at_slos = _at(drill, "slos")
    yield from (each for slo in slos for each in _of_condition(slo.condition, at_slos, bindings))
    for bound in drill.binding.symptoms if drill.binding else ():
        yield from _of_condition(bound.condition, f"{bound.place}: " if bound.place else "", bindings)


def _of_condition(condition: Condition, place: str, bindings: Bindings) -> Iterator[GamedayError]:
    for probe in condition.measure.probes:
        if probe.deployment is None:
            continue
        if fact := _not_measured(probe, probe.deployment, bindings):
            yield BindingError(f"{place}condition `{condition.text}`: {fact}")


def _not_measured(probe: Probe, deployment: str, bindings: Bindings) -> str:
    """Return why a probe of a Deployment would find nothing; "" if it can find something."""
    if deployment not in (known := _deployments(bindings)):
        return f"there is no service `{deployment}`; known: {', '.join(known)}"
    service = bindings.own.get(deployment)
    if service and service.metrics is None and isinstance(probe, MetricProbe):
        key = "compose.services" if bindings.compose else "services"
        fix = f"give their path, such as `metrics: /metrics`, at {key}.{service.name} ({service.place})"
        return f"{service.name} has no metrics; {fix}"
    return _not_in_manifests(probe, deployment, bindings.manifests) if bindings.manifests else ""


def _not_in_manifests(probe: Probe, deployment: str, manifests: Manifests) -> str:
    asked, at = manifests.asked(deployment), manifests.deployments[deployment].place()
    if isinstance(probe, MetricProbe) and not asked.metrics:
        fix = "annotate its pods with prometheus.io/scrape, or give their path under `metrics` of `manifests`"
        return f"{deployment} has no metrics; {fix} ({at})"
    if isinstance(probe, HealthProbe) and not asked.ready:
        return f"{deployment} has no readiness probe, which says whether it is healthy; add one ({at})"
    return ""


def _of_toggles(drill: DrillPlan, plan: GamedayPlan) -> Iterator[GamedayError]:
    deployments = _deployments(plan.bindings)
    for toggle in drill.runbook.toggles:
        on_service = drill.binding.service if drill.binding and plan.bindings.manifests else None
        deployment = plan.bindings.toggles.get(toggle.name, on_service)
        if deployment and deployment not in deployments:
            place = plan.bindings.path.name
            fact = f"there is no Deployment `{deployment}`; known: {', '.join(deployments)}"
            yield BindingError(f"{place}: toggles.{toggle.name}: {fact}")


def _at(drill: DrillPlan, key: str) -> str:
    place = drill.binding.places.get(key, "") if drill.binding else ""
    return f"{place}: runbooks.{drill.runbook.id}.{key}: " if place else ""

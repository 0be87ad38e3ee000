"""Checks that every name in the bindings of a plan exists: scenarios, services, series, faults, symptoms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.cluster import manifest
from harness.errors import BindingError, GamedayError
from harness.faults.admin import LOAD
from harness.faults.factory import make_fault
from harness.faults.implemented import not_implemented
from harness.load.declared import declared
from harness.load.job import check_shared
from harness.load.worker import find_scenario
from harness.plan import DrillPlan, GamedayPlan


def part_problems(plan: GamedayPlan, workers: int | None) -> Iterator[GamedayError]:
    """Every problem with the names in the bindings of all drills; `workers` generate the load in the cluster."""
    yield from _of_probes(plan)
    for drill in plan.drills:
        yield from _of_scenario(drill, plan, workers)
        yield from _of_service(drill)
        yield from _of_faults(drill, plan)
        yield from _of_symptoms(drill)
        yield from _of_toggles(drill, plan)


def _of_probes(plan: GamedayPlan) -> Iterator[GamedayError]:
    for probe in plan.bindings.probes:
        if fact := _no_service(probe.service):
            yield BindingError(f"{probe.place}: probes.{probe.name}.service: {fact}")


def _of_scenario(drill: DrillPlan, plan: GamedayPlan, workers: int | None) -> Iterator[GamedayError]:
    if drill.binding is None:
        return
    try:
        scenario = find_scenario(drill.binding.scenario, plan.bindings.path.parent)
        if workers:
            check_shared(drill.binding.scenario, drill.binding.rate, workers)
    except GamedayError as error:
        yield BindingError(f"{_at(drill, 'scenario')}{error}")
        return
    series = declared(scenario, "series")
    if series and drill.binding.series not in series:
        fact = f"scenario `{drill.binding.scenario}` has no series `{drill.binding.series}`; it has {', '.join(series)}"
        yield BindingError(f"{_at(drill, 'series')}{fact}")


def _of_service(drill: DrillPlan) -> Iterator[GamedayError]:
    if drill.binding and (fact := _no_service(drill.binding.service)):
        yield BindingError(f"{_at(drill, 'service')}{fact}")


def _no_service(name: str) -> str:
    """Return that there is no service of this name; "" if there is."""
    known = manifest.read().services
    return "" if name in known else f"there is no service `{name}`; known: {', '.join(known)}"


def _of_faults(drill: DrillPlan, plan: GamedayPlan) -> Iterator[GamedayError]:
    deployments = manifest.read().deployments
    for spec in plan.bindings.faults[drill.binding.fault] if drill.binding else ():
        place = f"{spec.place}: " if spec.place else ""
        if spec.at != LOAD and spec.at not in deployments:
            fact = f"there is no Deployment `{spec.at}`; known: {', '.join((*deployments, LOAD))}"
            yield BindingError(f"{place}{fact}")
            continue
        if fact := not_implemented(spec, _faults_of_scenario(drill, plan)):
            yield BindingError(f"{place}fault `{spec.text}`: {fact}")
        try:
            make_fault(spec)
        except GamedayError as error:
            yield BindingError(f"{place}{error}")


def _faults_of_scenario(drill: DrillPlan, plan: GamedayPlan) -> tuple[str, ...] | None:
    try:
        scenario = find_scenario(drill.binding.scenario if drill.binding else "", plan.bindings.path.parent)
    except GamedayError:
        return None
    return declared(scenario, "faults")


def _of_symptoms(drill: DrillPlan) -> Iterator[GamedayError]:
    """A binding of a symptom that the runbook does not have is silent otherwise."""
    for bound in drill.binding.symptoms if drill.binding else ():
        if not any(bound.matches(symptom) for symptom in drill.runbook.symptoms):
            wanted = f"at line {bound.line}" if bound.line is not None else f"that contains `{bound.contains}`"
            lines = ", ".join(f"line {symptom.line}" for symptom in drill.runbook.symptoms) or "none"
            place = f"{bound.place}: " if bound.place else ""
            fact = f"{drill.runbook.id} has no symptom {wanted}; its symptoms: {lines}"
            yield BindingError(f"{place}{fact}")


def _of_toggles(drill: DrillPlan, plan: GamedayPlan) -> Iterator[GamedayError]:
    deployments: Mapping[str, object] = manifest.read().deployments
    for toggle in drill.runbook.toggles:
        deployment = plan.bindings.toggles.get(toggle.name)
        if deployment and deployment not in deployments:
            place = plan.bindings.path.name
            fact = f"there is no Deployment `{deployment}`; known: {', '.join(deployments)}"
            yield BindingError(f"{place}: toggles.{toggle.name}: {fact}")


def _at(drill: DrillPlan, key: str) -> str:
    place = drill.binding.places.get(key, "") if drill.binding else ""
    return f"{place}: runbooks.{drill.runbook.id}.{key}: " if place else ""

"""`result.json`: the contract for machines, documented in docs/reference/result.md."""

from __future__ import annotations

from dataclasses import asdict
from typing import TypeAlias

from harness.report.base import ReportFormat
from harness.report.format import as_json
from harness.stats.inflation import VIF_METHOD
from harness.verdict.alerts import AlertResult
from harness.verdict.budget import Budget
from harness.verdict.gameday import RESULT_VERSION, GamedayResult, ManualLine
from harness.verdict.measurement import Measurement
from harness.verdict.procedures import RowResult
from harness.verdict.response import ResponseResult
from harness.verdict.result import DrillResult, Effect, Latency, SloResult, StepResult
from harness.verdict.state import Credit

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

VERSION = RESULT_VERSION


def to_json(result: GamedayResult) -> str:
    """The whole result, with a newline at the end."""
    whole: dict[str, Json] = {
        "version": VERSION,
        "document": result.document,
        "platform": result.platform,
        "vif_method": VIF_METHOD,
        "verdict": result.verdict.value,
        "cause": result.cause,
        "why": list(result.why),
        "seconds": result.seconds,
        "findings": [{"runbook": finding.runbook, "text": finding.text} for finding in result.findings],
        "drills": [_drill(drill) for drill in result.drills],
        "general": [_step(step) for step in result.general],
        "procedures": [*map(_row, result.rows), *map(_for_people, result.procedures_for_people)],
    }
    return as_json(whole)


def _row(row: RowResult) -> dict[str, Json]:
    return {**asdict(row.row), "verdict": row.verdict, "drills": [asdict(each) for each in row.drills]}


def _for_people(line: ManualLine) -> dict[str, Json]:
    return {"kind": line.kind, "line": line.line, "text": line.text, "verdict": "manual"}


def _alert(alert: AlertResult) -> dict[str, Json]:
    return {**asdict(alert), "handled": [asdict(each) for each in alert.handled]}


def _response(response: ResponseResult) -> dict[str, Json]:
    beside = None if response.beside is None else asdict(response.beside)
    known = None if beside is None else {name: beside[name] for name in beside if name not in ("t_s", "drill")}
    return {**asdict(response), "lines": list(response.lines), "beside": known}


def _drill(drill: DrillResult) -> dict[str, Json]:
    return {
        "runbook": drill.runbook,
        "title": drill.title,
        "line": drill.line,
        "fault": drill.fault,
        "verdict": drill.verdict.value,
        "cause": drill.cause,
        "why": list(drill.why),
        "symptoms": [asdict(symptom) for symptom in drill.symptoms],
        "steps": [_step(step) for step in drill.steps],
        "slos": [_slo(slo) for slo in drill.slos],
        "dashboards": [asdict(dashboard) for dashboard in drill.dashboards],
        "outages": [asdict(outage) for outage in drill.outages],
        "controlled": drill.controlled,
        "credit_alpha": None if drill.credit is None else _rounded(drill.credit.alpha),
        "credit_limit": drill.credit_limit,
        "credit": None if drill.credit is None else _credit(drill.credit, drill.control_needed_s),
        "sequential_control": None if drill.sequential is None else asdict(drill.sequential),
        "alpha": drill.alpha,
        "latencies": [_latency(latency) for latency in drill.latencies],
        "load": {"scenario": drill.load.scenario, "rate": drill.load.rate},
        "detect_s": drill.times.detect_s,
        "onset_interval_s": _span(drill.times.onset_interval_s),
        "recover_s": drill.times.recover_s,
        "recover_interval_s": _span(drill.times.recover_interval_s),
        "prometheus_alerts": [asdict(alert) for alert in drill.prometheus_alerts],
        "alerts": [_alert(alert) for alert in drill.alerts],
        "response": None if drill.response is None else _response(drill.response),
        "evidence": [_step(step) for step in drill.general] if drill.escalated else [],
        "reverted": drill.reverted,
        "control_reverted": drill.control_reverted,
        "findings": list(drill.findings),
        "phases": [asdict(phase) for phase in drill.phases],
    }


def _latency(latency: Latency) -> dict[str, Json]:
    return {"series": latency.series, "part": latency.part, "samples": latency.n, "p95_ms": _rounded(latency.p95_ms)}


def _credit(credit: Credit, needed_s: float | None) -> dict[str, Json]:
    return {
        "window_s": _rounded(credit.window_s),
        "age_s": _rounded(credit.age_s),
        "lasted_s": _rounded(credit.lasted_s),
        "control_age_s": _rounded(credit.control_age_s),
        "needed_s": _rounded(needed_s),
        "control_healthy_s": _rounded(credit.control_healthy_s),
        "still_broken": list(credit.still_broken),
        "self_healed": credit.self_healed,
    }


def _step(step: StepResult) -> dict[str, Json]:
    facts = step.facts
    return {
        "line": facts.line,
        "kind": facts.kind,
        "text": facts.text,
        "bound": facts.bound,
        "ran": facts.ran,
        "exit_status": facts.exit_status,
        "verdict": step.verdict,
        "why": step.why,
        "changed": list(facts.changed),
        "seconds": round(facts.seconds, 3),
        "output": facts.stdout_file,
        "notes": list(facts.notes),
        "slis": [_effect(effect) for effect in step.effects],
    }


def _effect(effect: Effect) -> dict[str, Json]:
    return {"slo": effect.slo, "bad_before": effect.before, "bad_after": effect.after, "moved": effect.moved}


def _slo(slo: SloResult) -> dict[str, Json]:
    return {
        "name": slo.name,
        "objective": slo.objective,
        "before": _measurement(slo.before),
        "control_before": _measurement(slo.control_before),
        "during": _measurement(slo.during),
        "after": _measurement(slo.after),
        "after_revert": _measurement(slo.after_revert),
        "control": _measurement(slo.control),
        "budget": _budget(slo.budget),
    }


def _budget(budget: Budget | None) -> Json:
    if budget is None:
        return None
    return {
        "window_s": budget.window_s,
        "seconds": budget.seconds,
        "spent": _rounded(budget.spent),
        "spent_interval": _span(budget.spent_interval),
        "burn_rate": _rounded(budget.burn_rate),
        "burn_rate_interval": _span(budget.burn_rate_interval),
    }


def _measurement(measurement: Measurement | None) -> Json:
    if measurement is None:
        return {"value": None, "samples": 0, "holds": None}
    return {
        "value": _rounded(measurement.value),
        "interval": _span(measurement.interval),
        "range": _span(measurement.range),
        "samples": measurement.n,
        "counted": measurement.counted,
        "effective": _rounded(measurement.effective),
        "bad": _rounded(measurement.bad),
        "bad_interval": _span(measurement.bad_interval),
        "holds": measurement.holds,
        "alpha": _span(measurement.alpha),
        "vif": _rounded(measurement.vif),
        "measured_vif": _rounded(measurement.measured_vif),
        "seconds": measurement.seconds,
        "more_s": _rounded(measurement.more_s),
    }


def _span(span: tuple[float, float | None] | None) -> Json:
    return None if span is None else [_rounded(span[0]), _rounded(span[1])]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


FORMAT = ReportFormat("json", "result.json", to_json)

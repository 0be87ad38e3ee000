"""What the page shows of a drill at the moment: phase, SLIs with their objectives, symptoms, verdict and cause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.conditions import Condition
from harness.listeners.progress import WAITS
from harness.record.event import CONTROL, TREATMENT
from harness.report.format import NO_DATA, show_estimate, show_evidence
from harness.verdict.drill import drill_result
from harness.verdict.measurement import Measurement, measure
from harness.verdict.progress import progress
from harness.verdict.state import DrillState, Slo

SHOWN_S = 10.0
"""An SLI is that of so many last seconds."""
Known = Mapping[str, object]


def status(state: DrillState) -> Known:
    """The present state of a drill; its verdict when it has ended."""
    return {
        "drill": state.header.drill,
        "phase": state.present_phase,
        "phases": list(state.phase_started_s),
        "waits": _waits(state.present_phase),
        **_progress(state),
        "fault": dict(state.fault_applied_s),
        "reverted_s": state.phase_started_s.get("after-revert"),
        "slis": [_sli(state, slo) for slo in state.slos],
        "symptoms": list(_symptoms(state)),
        **_verdict(state),
    }


def _waits(phase: str | None) -> str:
    """What the phase waits for, in words; "" between two phases."""
    names = {"fault": "injecting the fault", **{str(name): text for name, text in WAITS.items()}}
    return names.get(phase or "", phase or "")


def _progress(state: DrillState) -> Known:
    """The evidence for which the present phase waits, and the estimated seconds to its end."""
    known = progress(state)
    if known is None:
        return {"more_s": None, "evidence": []}
    rows = [{"name": row.name, **_shown(row.condition, row.measurement), "settled": row.settled} for row in known.rows]
    return {"more_s": None if known.more_s is None else round(known.more_s), "evidence": rows}


def _sli(state: DrillState, slo: Slo) -> Known:
    """An SLO with its measurement of the last seconds on each side."""
    sides = {side: _last(state, slo, side) for side in (TREATMENT, CONTROL)}
    return {"name": slo.name, "objective": slo.objective.text, **_place(slo.objective), **sides}


def _place(condition: Condition) -> Known:
    """The series, the chart and the height of an objective; no chart but for latencies and shares of bad arrivals."""
    if condition.unit == "ms":
        return {"series": condition.series, "chart": condition.text.partition("(")[0].strip(), "limit": condition.value}
    if condition.unit == "ratio" and condition.theta is not None:
        return {"series": condition.series, "chart": "bad", "limit": 100 * condition.theta}
    return {"series": condition.series, "chart": "", "limit": None}


def _last(state: DrillState, slo: Slo, side: str) -> Known:
    end_s = state.sides[side].frontier
    measured = measure(state.question(slo), state.window(side, max(0.0, end_s - SHOWN_S), max(0.0, end_s)))
    return _shown(slo.objective, measured)


def _shown(condition: Condition, measured: Measurement) -> Known:
    """A measurement as text, and whether its value meets the condition; null without a value."""
    text = show_estimate(measured, condition.unit)
    return {
        "objective": condition.text,
        "text": text,
        "evidence": show_evidence(measured),
        "meets": None if text == NO_DATA else _meets(condition, measured),
        "certain": measured.holds is not None,
    }


def _meets(condition: Condition, measured: Measurement) -> bool | None:
    """Whether the value itself is on the good side; of a latency, whether few enough arrivals are slow or bad."""
    if measured.holds is not None or measured.bad is None or condition.theta is None:
        return measured.holds
    return measured.bad <= condition.theta if condition.wants_low else measured.bad > condition.theta


def _symptoms(state: DrillState) -> Iterator[Known]:
    for number, symptom in enumerate(state.symptoms):
        condition = symptom.condition.text if symptom.condition else None
        seen_s = state.symptoms_seen_s.get(number)
        yield {"line": symptom.line, "text": symptom.text, "condition": condition, "seen": seen_s}


def _verdict(state: DrillState) -> Known:
    """The verdict and its reason, which are final when the drill has ended."""
    if not state.ended:
        return {"verdict": "", "cause": ""}
    result = drill_result(state)
    return {"verdict": result.verdict.value, "cause": result.cause or "; ".join(result.why)}

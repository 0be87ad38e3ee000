"""From what the judge has learnt to a verdict, with every reason for it in words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from harness.model import Verdict
from harness.record.events import TREATMENT
from harness.stats.sequential import SLICE_S
from harness.verdict.measurement import Reading, read
from harness.verdict.quantities import show_reading
from harness.verdict.result import DashboardResult, StepResult
from harness.verdict.state import DrillState, Slo
from harness.verdict.timeline import slice_from, slice_until

LAST_S = 10.0
"""Seconds that stand for "after" where the SLOs did not come back."""
BUSY, MOST = 0.97, 0.75
"""A machine busier than this for most of a recovery gives no evidence against a runbook."""
_TOO_BRIEFLY = "they held too briefly to be believed"


def verdict_of(
    state: DrillState, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult]
) -> tuple[Verdict, list[str]]:
    """The verdict and every reason for it, the weightiest first."""
    if state.header.empty:
        return Verdict.FAILED, [
            "the runbook documents no step, so it cannot restore anything; its incident was not made"
        ]
    nothing_learnt = list(_nothing_learnt(state))
    failures = list(_failures(state, steps, dashboards))
    if nothing_learnt:
        return Verdict.INCONCLUSIVE, nothing_learnt + failures
    doubts = list(_doubts(state))
    if failures:
        return Verdict.FAILED, failures + doubts
    if doubts:
        return Verdict.INCONCLUSIVE, doubts
    names = ", ".join(state.still_broken)
    return Verdict.PASSED, [
        f"every symptom was seen, every step did its job, the SLOs came back; without the runbook {names} stayed broken"
    ]


def _nothing_learnt(state: DrillState) -> Iterator[str]:
    """Reasons for which neither good nor bad can be said of the runbook."""
    if state.interrupted:
        yield "interrupted before the end"
    yield from (f"the drill broke: {crash}" for crash in state.crashes)
    if not (state.ended_well or state.header.unbound):
        yield "the record stops before the end of the drill"
    yield from (f"load lost ({name}): {side.load_ended}" for name, side in state.sides.items() if side.load_ended)
    if state.header.unbound:
        yield state.header.unbound
    elif not state.baseline:
        yield from _no_baseline(state)
    else:
        yield from _symptoms_amiss(state)


def _no_baseline(state: DrillState) -> Iterator[str]:
    if "baseline" in state.phases:
        yield f"baseline not met: {_unmet(state, 'baseline')}"
    elif not (state.interrupted or state.crashes):
        yield "the drill never reached its baseline"


def _symptoms_amiss(state: DrillState) -> Iterator[str]:
    present = [state.symptoms[number] for number in sorted(state.present_before)]
    yield from (f"line {symptom.line}: symptom `{symptom.text}` was there before the fault" for symptom in present)
    if not state.symptoms:
        yield "the runbook documents no symptom: nothing says when it applies"
    for number, symptom in enumerate(state.symptoms):
        if symptom.condition is None:
            yield f"line {symptom.line}: symptom `{symptom.text}` is bound to no condition; bind it in gameday.yaml"
        elif number not in state.seen:
            yield f"line {symptom.line}: symptom `{symptom.text}` ({symptom.condition.text}) never came"
    if not state.broken:
        yield "the fault broke no SLO, so there was nothing to restore"


def _failures(state: DrillState, steps: Sequence[StepResult], dashboards: Sequence[DashboardResult]) -> Iterator[str]:
    """Reasons that speak against the runbook."""
    if _still_broken(state) and not _starved(state):
        yield f"the SLOs did not come back: {_unmet(state, 'recovery')}"
    if "response" in state.ended and not any(step.facts.ran for step in steps):
        yield "the runbook has no step that could be run"
    yield from (f"{step.place}: {step.why}" for step in steps if step.verdict in ("failed", "refused"))
    yield from (f"line {board.line}: {board.text}: {board.why}" for board in dashboards if board.verdict == "failed")


def _doubts(state: DrillState) -> Iterator[str]:
    """Reasons not to believe a good result."""
    yield from (
        f"line {unread.line} was not understood, so it was not tested: {unread.why}" for unread in state.header.unread
    )
    if _still_broken(state) and _starved(state):
        yield "this machine's processors were busy all through the recovery, so it may be to blame: use fewer --jobs"
    if state.recovered_since is None and "recovery" in state.ended and not _still_broken(state):
        yield f"whether the SLOs came back could not be decided: {_unmet(state, 'recovery')}"
    if state.recovered_since is not None and state.controlled is False:
        fact = "on the control that nobody answered the SLOs came back as well"
        yield f"healed by itself: {fact}, so the runbook gets no credit"
    elif state.recovered_since is not None and state.controlled is None:
        yield "not controlled: whether the SLOs would have stayed broken without the runbook could not be decided"
    if state.reverted is not True:
        yield f"the fault was not reverted: {state.revert_why or 'the drill ended before'}"
    elif not state.held and state.recovered_since is not None:
        yield f"after the revert the SLOs did not hold: {_unmet(state, 'after-revert')}"


def _still_broken(state: DrillState) -> bool:
    """Is some SLO known to be broken at the end of a recovery that did not come?"""
    if state.recovered_since is not None or "recovery" not in state.ended:
        return False
    return any(_at_the_end(state, slo, "recovery", TREATMENT, alarm=True).holds is False for slo in state.slos)


def _starved(state: DrillState) -> bool:
    """Had this machine no time left for most of the recovery? Then services on it would look broken, healed or not."""
    begin, end = state.phases.get("recovery", math.inf), state.ended.get("recovery", math.inf)
    shares = [busy for at, busy in state.busy if begin <= at <= end]
    return sum(busy >= BUSY for busy in shares) > MOST * len(shares) if shares else False


def _unmet(state: DrillState, phase: str) -> str:
    """Which SLOs were not met at the end of a phase, with their values; the control counts in the baseline only."""
    names = state.sides if phase == "baseline" else (TREATMENT,)
    words = [word for name in names for word in (*_unmet_on(state, phase, name), *_behind_on(state, phase, name))]
    return "; ".join(words) or _TOO_BRIEFLY


def _window(state: DrillState, phase: str, name: str) -> tuple[float, float]:
    """The seconds that speak for a phase's end: all of a baseline, else the last ones."""
    side, begin = state.sides[name], slice_from(state.phases.get(phase, 0.0))
    end = min(side.frontier, slice_until(state.ended.get(phase, side.frontier)))
    return (begin if phase == "baseline" else max(begin, end - LAST_S)), end


def _at_the_end(state: DrillState, slo: Slo, phase: str, name: str, *, alarm: bool = False) -> Reading:
    return read(slo.objective, state.sides[name], *_window(state, phase, name), state.parameters(slo, alarm=alarm))


def _behind_on(state: DrillState, phase: str, name: str) -> Iterator[str]:
    start, end = _window(state, phase, name)
    for series in sorted(state.sides[name].series()):
        slices = state.sides[name].slices(series, start, end)
        if behind := sum(counts.fell_behind for counts in slices):
            times = f"{behind * SLICE_S:g} of {end - start:g} s ({series})"
            yield f"{name}: the load generator fell behind in {times}: no data there"


def _unmet_on(state: DrillState, phase: str, name: str) -> Iterator[str]:
    where = "" if name == TREATMENT else f"{name}: "
    for slo in state.slos:
        reading = _at_the_end(state, slo, phase, name)
        if not reading.holds:
            yield f"{where}{slo.name} {show_reading(reading, slo.objective.unit)} ({_evidence(slo, reading)})"


def _evidence(slo: Slo, reading: Reading) -> str:
    samples = f"objective {slo.objective.text}, {reading.n} samples"
    if reading.holds is None and reading.more_s:
        return f"{samples}, undecided: about {reading.more_s:.0f} s more needed"
    return samples

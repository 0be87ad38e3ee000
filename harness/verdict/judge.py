"""The judge of one drill: it reads the drill's events in order and decides when each phase may end.

A decision depends on the events before it and on nothing else, so a run and `gameday report` come to the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.record.event import CONTROL, TREATMENT, DrillEvent
from harness.record.events import (
    ControlPlanned,
    Crashed,
    DrillEnded,
    DrillInterrupted,
    DrillStarted,
    FaultApplied,
    FaultChecked,
    FaultReverted,
    FindingNoted,
    HostSampled,
    LoadCounted,
    LoadLost,
    PhaseEnded,
    PhaseStarted,
    ProbeSampled,
    RequestsProbed,
    StepExecuted,
)
from harness.record.incident import (
    AlertHandled,
    AlertRaised,
    CommandTyped,
    NoteTaken,
    ResponderChosen,
    RunBeside,
)
from harness.record.monitoring import AlertDelivered, DashboardChecked
from harness.stats.inflation import inflation
from harness.stats.sequential import MIN_S
from harness.verdict.change import evidence_start, has_begun, since
from harness.verdict.credit import credit_of
from harness.verdict.firing import note_monitoring
from harness.verdict.lasting import lasting
from harness.verdict.measurement import measure, slices
from harness.verdict.sequential import align, answer_of_control, is_too_short, show
from harness.verdict.state import Slo, Span, new_drill_state
from harness.verdict.timeline import slice_from

DECIDE_EVERY_S = 0.5
"""Seconds of further measurements after which the present phase is decided again."""


class Judge:
    """Takes the events of one drill by `add`; `state` and `answer` give what follows from them."""

    def __init__(self, header: DrillStarted) -> None:
        self.state = new_drill_state(header)
        self._decided_s = -math.inf
        self._decided_phases = 0

    def add(self, event: DrillEvent | HostSampled) -> None:
        """Take the next event of this drill, or of the machine."""
        match event:
            case LoadCounted():
                self.state.sides[event.side].add(event)
                show(self.state)
                self._decide_if_due()
            case ProbeSampled() | RequestsProbed() | LoadLost():
                self.state.sides[event.side].add(event)
            case PhaseStarted():
                self.state.phase_started_s[event.phase] = event.t_s
            case PhaseEnded():
                self.state.phase_ended_s[event.phase] = event.t_s
                if event.decides:
                    self.state.answers[event.phase] = event.answer
            case FaultApplied():
                self.state.fault_applied_s.setdefault(event.side, event.t_s)
                if event.side == TREATMENT:
                    align(self.state)
            case FaultReverted():
                self._note_reverted(event)
            case AlertRaised() | AlertHandled() | AlertDelivered() | DashboardChecked():
                note_monitoring(self.state, event)
            case _:
                self._note(event)

    def _note(self, event: DrillEvent | HostSampled) -> None:
        """Keep what the verdict depends on and no phase waits for."""
        state = self.state
        match event:
            case ControlPlanned():
                state.sequential = event
            case ResponderChosen() | CommandTyped() | NoteTaken() | RunBeside():
                state.response.add(event)
            case StepExecuted():
                state.steps.append(event.facts)
            case FindingNoted():
                state.findings.append(event.text)
            case Crashed():
                state.crashes.append(event.text)
            case DrillInterrupted():
                state.interrupted = True
            case DrillEnded():
                state.ended = True
            case HostSampled():
                state.host.append(event)
            case FaultChecked(state="ended") if not self._reverted(event.side):
                state.faults_ended.setdefault(event.side, f"{event.text}: {event.why}")

    def _reverted(self, side: str) -> bool:
        return (self.state.reverted if side == TREATMENT else self.state.control_reverted) is not None

    def _note_reverted(self, event: FaultReverted) -> None:
        """Keep the outcome of a side's reverts. A failure on the control is a finding: its platform is taken down."""
        if event.side == TREATMENT:
            self.state.reverted, self.state.revert_why = event.ok, event.why
            return
        self.state.control_reverted, self.state.control_revert_why = event.ok, event.why
        if not event.ok:
            self.state.findings.append(f"control: a fault was not reverted before it was taken down: {event.why}")

    def _decide_if_due(self) -> None:
        """Decide when the measurements have gone on by DECIDE_EVERY_S: the longer the window, the more it costs."""
        latest_s = max(side.frontier for side in self.state.sides.values())
        if latest_s - self._decided_s >= DECIDE_EVERY_S or len(self.state.phase_started_s) != self._decided_phases:
            self._decided_s, self._decided_phases = latest_s, len(self.state.phase_started_s)
            self._decide()

    def _decide(self) -> None:
        """Decide what the present phase waits for, if the measurements so far suffice."""
        phase = self.state.present_phase
        decide: Mapping[str | None, Callable[[], None]] = {
            "control-baseline": self._control_baseline,
            "control-fault": self._observe_control,
            "control-incident": self._observe_control,
            "baseline": self._baseline,
            "fault": self._symptoms,
            "symptoms": self._symptoms,
            "response": self._observe_control,
            "recovery": self._recovery,
            "control": self._control,
            "after-revert": self._after_revert,
        }
        if phase in decide:
            decide[phase]()

    def _since(self, slo: Slo, side: str, start: float, *, holds: bool = True, **how: bool) -> float | None:
        return since(self.state.question(slo, **how), self.state.window(side, start), holds=holds)

    def _all_hold(self, side: str, start: float, *, steady: bool = False) -> dict[str, Span]:
        """The span in which each SLO is known to hold up to now; empty unless every SLO is."""
        spans, end = dict[str, Span](), self.state.sides[side].frontier
        for slo in self.state.slos:
            begin = self._since(slo, side, start, steady=steady)
            if begin is None:
                return {}
            spans[slo.name] = (begin, end)
        return spans

    def _control_baseline(self) -> None:
        """The baseline of a sequential control."""
        state, start = self.state, self.state.start("control-baseline")
        if start is None or state.control_baseline_spans:
            return
        state.control_baseline_spans = self._all_hold(CONTROL, start, steady=True)
        if not state.control_baseline_spans:
            state.baseline_broken = tuple(self._not_steady(CONTROL, start))

    def _baseline(self) -> None:
        state, start = self.state, self.state.start("baseline")
        if start is None or state.baseline_spans:
            return
        sides = [side for side in state.sides if state.baseline_phase(side) == "baseline"]
        spans = {side: self._all_hold(side, start, steady=True) for side in sides}
        if not all(spans.values()):
            if not state.sequential:  # after a sequential control, what its fault left behind may have to pass first
                state.baseline_broken = tuple(name for side in sides for name in self._not_steady(side, start))
            return
        spans.setdefault(CONTROL, state.control_baseline_spans)
        state.baseline_spans = spans
        for slo in state.slos:
            self._estimate_vif(slo, [(side, spans[side][slo.name]) for side in state.sides])
        self._note_present(max(begin for begin, _ in spans[TREATMENT].values()))

    def _not_steady(self, side: str, start: float) -> Iterator[str]:
        """SLOs that have been broken for so long that they are not just about to reach the steady state."""
        for slo in self.state.slos:
            begin = self._since(slo, side, start, holds=False, steady=True)
            if begin is not None and self.state.sides[side].frontier - begin >= MIN_S:
                yield slo.name

    def _estimate_vif(self, slo: Slo, spans: Sequence[tuple[str, Span]]) -> None:
        """Add the baselines that are long enough to measure a VIF to what earlier runs gave."""
        known = slo.known
        for side, (begin, end) in spans:
            if slo.objective.series is not None and end - begin >= MIN_S:
                counted = slices(slo.objective, self.state.window(side, begin, end), pessimistic=False)
                known = known.also(inflation(counted), end - begin)
        self.state.vif[slo.name] = known

    def _note_present(self, begin: float) -> None:
        """Note the symptoms that are present in the baseline from `begin` on."""
        state, window = self.state, self.state.window(TREATMENT, begin)
        state.symptoms_present_before = {
            number
            for number, symptom in enumerate(state.symptoms)
            if (condition := symptom.condition) and measure(state.symptom_question(condition), window).holds
        }

    def _symptoms(self) -> None:
        """Note the symptoms that are present and the SLOs that are broken by now."""
        state, start = self.state, slice_from(self.state.applied_s(TREATMENT))
        window = state.window(TREATMENT, start)
        if window.end <= start or (state.present_phase == "fault" and TREATMENT not in state.fault_applied_s):
            return
        for number, symptom in enumerate(state.symptoms):
            if symptom.condition is None or number in state.symptoms_seen_s:
                continue
            if has_begun(state.symptom_question(symptom.condition), window):
                state.symptoms_seen_s[number] = window.end
        self._note_broken(TREATMENT, state.slos_broken_s)
        self._observe_control()

    def _observe_control(self) -> None:
        """Note the SLOs that break on the control, also after the response has begun on the treatment."""
        self._note_broken(CONTROL, self.state.control_broken_s)

    def _note_broken(self, side: str, broken_s: dict[str, float]) -> None:
        alone = side == CONTROL and self.state.sequential and self.state.control_run is None
        start, end = self.state.start("control-fault" if alone else "fault"), self.state.sides[side].frontier
        for slo in self.state.slos:
            if start is None or slo.name in broken_s:
                continue
            if self._since(slo, side, start, holds=False, alarm=True) is not None:
                broken_s[slo.name] = end

    def _recovery(self) -> None:
        """Recovered: every SLO holds for long enough."""
        state, start = self.state, self.state.start("response")
        self._observe_control()
        if start is None or state.recovery_spans or not self._may_have_lasted(start):
            return
        spans = self._all_hold(TREATMENT, start)
        found = lasting(state, spans)
        if found is not None and found.lasted_s >= found.needed_s:
            state.recovery_spans = spans
            self._control()

    def _may_have_lasted(self, start: float) -> bool:
        """Whether the evidence has counted for long enough, which takes no tests of it: most of the time it has not."""
        window = self.state.window(TREATMENT, start)
        spans = {slo.name: (evidence_start(slo.objective, window), window.end) for slo in self.state.slos}
        begin = self.state.begin_of(spans)
        return begin is not None and all(end - at >= self.state.lasting_s(begin) for at, end in spans.values())

    def _control(self) -> None:
        """Compare the sides until the recovery can be credited, or is known to be none of the response's."""
        state, begin = self.state, self.state.recovered_since
        if begin is None or self.answer("control") is not None:
            return
        self._observe_control()
        state.relapsed = tuple(
            slo.name for slo in state.slos if self._since(slo, TREATMENT, begin, holds=False, alarm=True) is not None
        )
        state.credit = credit_of(state, begin)

    def _after_revert(self) -> None:
        start = self.state.start("after-revert")
        if start is not None and not self.state.after_revert_spans:
            self.state.after_revert_spans = self._all_hold(TREATMENT, start, steady=True)

    def answer(self, phase: str) -> bool | None:
        """The decision that a phase waits for; None: there is none yet, so the phase goes on."""
        state = self.state
        if phase == "baseline":
            return True if state.baseline_spans else False if state.baseline_broken else None
        if phase.startswith("control-"):
            return answer_of_control(state, phase)
        if phase == "symptoms":
            return True if state.slos_broken_s and not state.symptoms_missing else None
        if phase == "control":
            return False if state.relapsed else self._credited()
        return True if {"recovery": state.recovery_spans, "after-revert": state.after_revert_spans}[phase] else None

    def _credited(self) -> bool | None:
        """Whether the control decides; if it is still broken, only with enough exposure."""
        credit = self.state.credit
        enough = credit is not None and credit.alpha <= self.state.header.credit_alpha
        if self.state.controlled is False or self.state.faults_ended or is_too_short(self.state):
            return False
        return True if self.state.controlled and enough else None

    def waiting_for(self, phase: str) -> str:
        """Description of the evidence that a phase still waits for."""
        state = self.state
        if phase != "symptoms":
            return {"control": "the control to be decided"}.get(phase, "all SLOs to hold")
        return "; ".join(symptom.text for symptom in state.symptoms_missing) or "an SLO to break"

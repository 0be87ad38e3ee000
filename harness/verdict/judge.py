"""The judge of one drill: it reads the drill's events in order and decides when each phase may end.

A decision depends on the events before it and on nothing else, so a run and `gameday report` come to the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.record.events import (
    CONTROL,
    TREATMENT,
    Crashed,
    DrillEnded,
    DrillEvent,
    DrillInterrupted,
    DrillStarted,
    FaultApplied,
    FaultReverted,
    FindingNoted,
    HostSampled,
    LoadCounted,
    LoadLost,
    PhaseEnded,
    PhaseStarted,
    ProbeSampled,
    StepExecuted,
)
from harness.stats.inflation import inflation
from harness.stats.sequential import MIN_S
from harness.verdict.change import has_begun, since
from harness.verdict.measurement import measure, slices
from harness.verdict.state import Slo, Span, new_drill_state
from harness.verdict.timeline import slice_from

STILL_S = 5.0
"""Longest window at the end of the recovery in which the control must still be broken, in seconds."""


class Judge:
    """Takes the events of one drill by `add`; `state` and `answer` give what follows from them."""

    def __init__(self, header: DrillStarted) -> None:
        self.state = new_drill_state(header)

    def add(self, event: DrillEvent | HostSampled) -> None:
        """Take the next event of this drill, or of the machine."""
        match event:
            case LoadCounted():
                self.state.sides[event.side].add(event)
                self._decide()
            case ProbeSampled() | LoadLost():
                self.state.sides[event.side].add(event)
            case PhaseStarted():
                self.state.phase_started_s[event.phase] = event.t_s
            case PhaseEnded():
                self.state.phase_ended_s[event.phase] = event.t_s
                if event.decides:
                    self.state.answers[event.phase] = event.answer
            case FaultApplied():
                self.state.fault_applied_s.setdefault(event.side, event.t_s)
            case FaultReverted():
                self._note_reverted(event)
            case _:
                self._note(event)

    def _note(self, event: DrillEvent | HostSampled) -> None:
        """Keep what the verdict depends on and no phase waits for."""
        state = self.state
        match event:
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

    def _note_reverted(self, event: FaultReverted) -> None:
        """Keep the outcome of a side's reverts. A failure on the control is a finding: its platform is taken down."""
        if event.side == TREATMENT:
            self.state.reverted, self.state.revert_why = event.ok, event.why
            return
        self.state.control_reverted = event.ok
        if not event.ok:
            self.state.findings.append(f"control: a fault was not reverted before it was taken down: {event.why}")

    def _decide(self) -> None:
        """Decide what the present phase waits for, if the measurements so far suffice."""
        phase = self.state.present_phase
        decide: Mapping[str | None, Callable[[], None]] = {
            "baseline": self._baseline,
            "fault": self._symptoms,
            "symptoms": self._symptoms,
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
        spans = {slo.name: self._since(slo, side, start, steady=steady) for slo in self.state.slos}
        end = self.state.sides[side].frontier
        known = {name: (begin, end) for name, begin in spans.items() if begin is not None}
        return known if len(known) == len(spans) else {}

    def _baseline(self) -> None:
        state, start = self.state, self.state.start("baseline")
        if start is None or state.baseline_spans:
            return
        spans = {side: self._all_hold(side, start, steady=True) for side in state.sides}
        if not all(spans.values()):
            state.baseline_broken = tuple(self._not_steady(start))
            return
        state.baseline_spans = spans
        for slo in state.slos:
            self._estimate_vif(slo, [(side, spans[side][slo.name]) for side in state.sides])
        self._note_present(max(begin for begin, _ in spans[TREATMENT].values()))

    def _not_steady(self, start: float) -> Iterator[str]:
        """SLOs that have been broken for so long that they are not just about to reach the steady state."""
        for side, timeline in self.state.sides.items():
            for slo in self.state.slos:
                begin = self._since(slo, side, start, holds=False, steady=True)
                if begin is not None and timeline.frontier - begin >= MIN_S:
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
        for slo in state.slos:
            if slo.name in state.slos_broken_s:
                continue
            if self._since(slo, TREATMENT, start, holds=False, alarm=True) is not None:
                state.slos_broken_s[slo.name] = window.end

    def _recovery(self) -> None:
        """Recovered: every SLO holds for as long as the onset took. A shorter calm may precede another onset."""
        state, start = self.state, self.state.start("response")
        if start is None or state.recovery_spans:
            return
        spans = self._all_hold(TREATMENT, start)
        if spans and all(self._seconds(slo, spans[slo.name]) >= state.onset_s for slo in state.slos):
            state.recovery_spans = spans

    def _seconds(self, slo: Slo, span: Span) -> float:
        """Seconds of a span that have data."""
        return measure(self.state.question(slo), self.state.window(TREATMENT, *span)).seconds

    def _control(self) -> None:
        """Decide whether an SLO that broke is still broken on the control at the end of the treatment's recovery.

        Only the last seconds count: they must not be outweighed by seconds before the control healed itself.
        """
        state, control, begin = self.state, self.state.sides[CONTROL], self.state.recovered_since
        if begin is None or state.controlled is not None:
            return
        broken = [slo for slo in state.slos if slo.name in state.slos_broken_s]
        not_back = [slo for slo in broken if self._since(slo, CONTROL, begin) is None]
        late = state.window(CONTROL, max(begin, control.frontier - STILL_S))
        state.still_broken = tuple(
            slo.name for slo in not_back if measure(state.question(slo, alarm=True), late).holds is False
        )
        state.self_healed = bool(broken) and not not_back

    def _after_revert(self) -> None:
        start = self.state.start("after-revert")
        if start is not None and not self.state.after_revert_spans:
            self.state.after_revert_spans = self._all_hold(TREATMENT, start, steady=True)

    def answer(self, phase: str) -> bool | None:
        """The decision that a phase waits for; None: there is none yet, so the phase goes on."""
        state = self.state
        if phase == "baseline":
            return True if state.baseline_spans else False if state.baseline_broken else None
        if phase == "symptoms":
            return True if state.slos_broken_s and not state.symptoms_missing else None
        if phase == "control":
            return state.controlled
        return True if {"recovery": state.recovery_spans, "after-revert": state.after_revert_spans}[phase] else None

    def waiting_for(self, phase: str) -> str:
        """Description of the evidence that a phase still waits for."""
        state = self.state
        if phase != "symptoms":
            return {"control": "the control to be decided"}.get(phase, "all SLOs to hold")
        return "; ".join(symptom.text for symptom in state.symptoms_missing) or "an SLO to break"

"""The judge of one drill: fed with the record's events in order, it answers the question of each phase, and the whole.

The drill asks it while it runs, and `gameday report` feeds it the same events again: both get the same answers, because
an answer depends on nothing but the events before it.
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
from harness.verdict.change import arisen, since
from harness.verdict.measurement import read, slices
from harness.verdict.state import Slo, Span, new_drill_state

STILL_S = 5.0
"""Longest window that stands for "still" on the control, in seconds."""


class Judge:
    """Feed it events by `add`; read its answers from `state` and the questions below."""

    def __init__(self, header: DrillStarted) -> None:
        self.state = new_drill_state(header)

    def add(self, event: DrillEvent | HostSampled) -> None:
        """Take the next event of this drill."""
        match event:
            case LoadCounted():
                self.state.sides[event.side].add(event)
                self._look()
            case ProbeSampled() | LoadLost():
                self.state.sides[event.side].add(event)
            case PhaseStarted():
                self.state.phases[event.phase] = event.t_s
            case PhaseEnded():
                self.state.ended[event.phase] = event.t_s
                if event.decides:
                    self.state.answers[event.phase] = event.answer
            case _:
                self._note(event)

    def _note(self, event: DrillEvent | HostSampled) -> None:
        """Keep what the verdict needs and no question does."""
        state = self.state
        match event:
            case StepExecuted():
                state.steps.append(event.facts)
            case FindingNoted():
                state.notes.append(event.text)
            case Crashed():
                state.crashes.append(event.text)
            case DrillInterrupted():
                state.interrupted = True
            case DrillEnded():
                state.ended_well = True
            case HostSampled():
                state.busy.append((event.t_s, event.busy_share))
            case FaultReverted():
                state.reverted, state.revert_why = event.ok, event.why

    def _look(self) -> None:
        """Look again at whatever the present phase asks."""
        phase = self.state.present_phase
        look: Mapping[str | None, Callable[[], None]] = {
            "baseline": self._baseline,
            "symptoms": self._symptoms,
            "recovery": self._recovery,
            "control": self._control,
            "after-revert": self._after_revert,
        }
        if phase in look:
            look[phase]()

    def _since(self, slo: Slo, side: str, start: float, *, holds: bool = True, **how: bool) -> float | None:
        timeline = self.state.sides[side]
        return since(slo.objective, timeline, start, timeline.frontier, self.state.parameters(slo, **how), holds=holds)

    def _all_hold(self, side: str, start: float, *, steady: bool = False) -> dict[str, Span]:
        """The span since which each SLO is known to hold; empty unless all of them are."""
        spans = {slo.name: self._since(slo, side, start, steady=steady) for slo in self.state.slos}
        end = self.state.sides[side].frontier
        known = {name: (begin, end) for name, begin in spans.items() if begin is not None}
        return known if len(known) == len(spans) else {}

    def _baseline(self) -> None:
        state, start = self.state, self.state.start("baseline")
        if start is None or state.baseline:
            return
        spans = {side: self._all_hold(side, start, steady=True) for side in state.sides}
        if not all(spans.values()):
            state.unsteady = tuple(self._not_steady(start))
            return
        state.baseline = spans
        for slo in state.slos:
            self._learn(slo, [(side, spans[side][slo.name]) for side in state.sides])
        self._note_present(max(begin for begin, _ in spans[TREATMENT].values()))

    def _not_steady(self, start: float) -> Iterator[str]:
        """SLOs that have been broken for long enough not to be still on their way to the steady state."""
        for side, timeline in self.state.sides.items():
            for slo in self.state.slos:
                begin = self._since(slo, side, start, holds=False, steady=True)
                if begin is not None and timeline.frontier - begin >= MIN_S:
                    yield slo.name

    def _learn(self, slo: Slo, spans: Sequence[tuple[str, Span]]) -> None:
        """What the baselines say of the VIF, where they are long enough to say it."""
        known = slo.known
        for side, (begin, end) in spans:
            if slo.objective.series is not None and end - begin >= MIN_S:
                window = slices(slo.objective, self.state.sides[side], begin, end, pessimistic=False)
                known = known.also(inflation(window), end - begin)
        self.state.known[slo.name] = known

    def _note_present(self, begin: float) -> None:
        state, main = self.state, self.state.sides[TREATMENT]
        state.present_before = {
            number
            for number, symptom in enumerate(state.symptoms)
            if (condition := symptom.condition)
            and read(condition, main, begin, main.frontier, state.symptom_parameters(condition)).holds
        }

    def _symptoms(self) -> None:
        state, start, main = self.state, self.state.start("fault"), self.state.sides[TREATMENT]
        if start is None:
            return
        for number, symptom in enumerate(state.symptoms):
            if symptom.condition is None or number in state.seen:
                continue
            if arisen(symptom.condition, main, start, main.frontier, state.symptom_parameters(symptom.condition)):
                state.seen[number] = main.frontier
        for slo in state.slos:
            if slo.name not in state.broken and self._since(slo, TREATMENT, start, holds=False, alarm=True) is not None:
                state.broken[slo.name] = main.frontier

    def _recovery(self) -> None:
        """Well for as long as the incident took to show itself: a shorter calm may be its next beginning."""
        state, start = self.state, self.state.start("response")
        if start is None or state.recovered:
            return
        spans = self._all_hold(TREATMENT, start)
        if spans and all(self._seconds(slo, spans[slo.name]) >= state.onset_s for slo in state.slos):
            state.recovered = spans

    def _seconds(self, slo: Slo, span: Span) -> float:
        """How much of a span had data."""
        return read(slo.objective, self.state.sides[TREATMENT], *span, self.state.parameters(slo)).seconds

    def _control(self) -> None:
        """Did an SLO that broke stay broken on the control until the end of the treatment's recovery?

        To the end: the seconds before it came back by itself must not outweigh those since then."""
        state, control, begin = self.state, self.state.sides[CONTROL], self.state.recovered_since
        if begin is None or state.controlled is not None:
            return
        broken = [slo for slo in state.slos if slo.name in state.broken]
        not_back = [slo for slo in broken if self._since(slo, CONTROL, begin) is None]
        late = max(begin, control.frontier - STILL_S)
        state.still_broken = tuple(
            slo.name
            for slo in not_back
            if read(slo.objective, control, late, control.frontier, state.parameters(slo, alarm=True)).holds is False
        )
        if state.still_broken:
            state.controlled = True
        elif broken and not not_back:
            state.controlled = False

    def _after_revert(self) -> None:
        start = self.state.start("after-revert")
        if start is not None and not self.state.held:
            self.state.held = self._all_hold(TREATMENT, start, steady=True)

    def answer(self, phase: str) -> bool | None:
        """What is the answer to this phase's question? None: there is none yet, and the phase has to go on."""
        state = self.state
        if phase == "baseline":
            return True if state.baseline else False if state.unsteady else None
        if phase == "symptoms":
            waiting = [n for n, symptom in enumerate(state.symptoms) if symptom.condition and n not in state.seen]
            return True if state.broken and not waiting else None
        if phase == "control":
            return state.controlled
        return True if {"recovery": state.recovered, "after-revert": state.held}[phase] else None

    def waiting_for(self, phase: str) -> str:
        """What the phase still waits for, in words."""
        state = self.state
        if phase != "symptoms":
            return {"control": "the control to be decided"}.get(phase, "all SLOs to hold")
        missing = [s.text for n, s in enumerate(state.symptoms) if s.condition and n not in state.seen]
        return "; ".join(missing) or "an SLO to break"

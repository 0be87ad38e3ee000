"""The judge of one drill: fed with the record's events in order, it answers the question of each phase, and the whole.

The drill asks it while it runs, and `gameday report` feeds it the same events again: both get the same answers, because
an answer depends on nothing but the events before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from harness.stats.inflation import inflation
from harness.stats.sequential import MIN_S
from harness.verdict.change import arisen, since
from harness.verdict.measurement import read, slices
from harness.verdict.state import CONTROL, TREATMENT, Slo, Span, new_trial
from harness.verdict.steps import StepFacts
from harness.verdict.timeline import Event

STILL_S = 5.0
"""Longest window that stands for "still" on the control, in seconds."""


class Judge:
    """Feed it events by `add`; read its answers from `trial` and the questions below."""

    def __init__(self, header: Event) -> None:
        self.trial = new_trial(header)

    def add(self, event: Event) -> None:
        """Take the next event of this drill."""
        trial, kind = self.trial, event["ev"]
        if kind in ("load", "probe", "load-ended"):
            side = trial.sides[event["side"]]
            side.add(event)
            if kind == "load":
                self._look()
        elif kind == "phase":
            trial.phases[event["phase"]] = event["t"]
        elif kind == "phase-end":
            trial.ended[event["phase"]] = event["t"]
            if "answer" in event:
                trial.answers[event["phase"]] = event["answer"]
        else:
            self._note(event)

    def _note(self, event: Event) -> None:
        trial, kind = self.trial, event["ev"]
        if kind == "step":
            trial.steps.append(StepFacts.from_json(event["facts"]))
        elif kind == "finding":
            trial.notes.append(event["text"])
        elif kind == "crash":
            trial.crashes.append(event["text"])
        elif kind == "interrupted":
            trial.interrupted = True
        elif kind == "drill-end":
            trial.ended_well = True
        elif kind == "host":
            trial.busy.append((event["t"], event["busy"]))
        elif kind == "reverted":
            trial.reverted, trial.revert_why = event["ok"], event.get("why", "")

    def _look(self) -> None:
        """Look again at whatever the present phase asks."""
        phase = self.trial.present_phase
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
        timeline = self.trial.sides[side]
        return since(slo.objective, timeline, start, timeline.frontier, self.trial.terms(slo, **how), holds=holds)

    def _all_hold(self, side: str, start: float, *, steady: bool = False) -> dict[str, Span]:
        """The span since which each SLO is known to hold; empty unless all of them are."""
        spans = {slo.name: self._since(slo, side, start, steady=steady) for slo in self.trial.slos}
        end = self.trial.sides[side].frontier
        known = {name: (begin, end) for name, begin in spans.items() if begin is not None}
        return known if len(known) == len(spans) else {}

    def _baseline(self) -> None:
        trial, start = self.trial, self.trial.start("baseline")
        if start is None or trial.baseline:
            return
        spans = {side: self._all_hold(side, start, steady=True) for side in trial.sides}
        if not all(spans.values()):
            trial.unsteady = tuple(self._not_steady(start))
            return
        trial.baseline = spans
        for slo in trial.slos:
            self._learn(slo, [(side, spans[side][slo.name]) for side in trial.sides])
        self._note_present(max(begin for begin, _ in spans[TREATMENT].values()))

    def _not_steady(self, start: float) -> Iterator[str]:
        """SLOs that have been broken for long enough not to be still on their way to the steady state."""
        for side, timeline in self.trial.sides.items():
            for slo in self.trial.slos:
                begin = self._since(slo, side, start, holds=False, steady=True)
                if begin is not None and timeline.frontier - begin >= MIN_S:
                    yield slo.name

    def _learn(self, slo: Slo, spans: Sequence[tuple[str, Span]]) -> None:
        """What the baselines say of the VIF, where they are long enough to say it."""
        known = slo.known
        for side, (begin, end) in spans:
            if slo.objective.measure.is_load and end - begin >= MIN_S:
                window = slices(slo.objective, self.trial.sides[side], begin, end, pessimistic=False)
                known = known.also(inflation(window), end - begin)
        self.trial.known[slo.name] = known

    def _note_present(self, begin: float) -> None:
        trial, main = self.trial, self.trial.sides[TREATMENT]
        trial.present_before = {
            number
            for number, symptom in enumerate(trial.symptoms)
            if (condition := symptom.condition)
            and read(condition, main, begin, main.frontier, trial.symptom_terms(condition)).holds
        }

    def _symptoms(self) -> None:
        trial, start, main = self.trial, self.trial.start("fault"), self.trial.sides[TREATMENT]
        if start is None:
            return
        for number, symptom in enumerate(trial.symptoms):
            if symptom.condition is None or number in trial.seen:
                continue
            if arisen(symptom.condition, main, start, main.frontier, trial.symptom_terms(symptom.condition)):
                trial.seen[number] = main.frontier
        for slo in trial.slos:
            if slo.name not in trial.broken and self._since(slo, TREATMENT, start, holds=False, alarm=True) is not None:
                trial.broken[slo.name] = main.frontier

    def _recovery(self) -> None:
        """Well for as long as the incident took to show itself: a shorter calm may be its next beginning."""
        trial, start = self.trial, self.trial.start("response")
        if start is None or trial.recovered:
            return
        spans = self._all_hold(TREATMENT, start)
        if spans and all(self._seconds(slo, spans[slo.name]) >= trial.onset_s for slo in trial.slos):
            trial.recovered = spans

    def _seconds(self, slo: Slo, span: Span) -> float:
        """How much of a span had data."""
        return read(slo.objective, self.trial.sides[TREATMENT], *span, self.trial.terms(slo)).seconds

    def _control(self) -> None:
        """Did an SLO that broke stay broken on the control until the end of the treatment's recovery?

        To the end: the seconds before it came back by itself must not outweigh those since then."""
        trial, control, begin = self.trial, self.trial.sides[CONTROL], self.trial.recovered_since
        if begin is None or trial.controlled is not None:
            return
        broken = [slo for slo in trial.slos if slo.name in trial.broken]
        not_back = [slo for slo in broken if self._since(slo, CONTROL, begin) is None]
        late = max(begin, control.frontier - STILL_S)
        trial.still_broken = tuple(
            slo.name
            for slo in not_back
            if read(slo.objective, control, late, control.frontier, trial.terms(slo, alarm=True)).holds is False
        )
        if trial.still_broken:
            trial.controlled = True
        elif broken and not not_back:
            trial.controlled = False

    def _after_revert(self) -> None:
        start = self.trial.start("after-revert")
        if start is not None and not self.trial.held:
            self.trial.held = self._all_hold(TREATMENT, start, steady=True)

    def answer(self, phase: str) -> bool | None:
        """What is the answer to this phase's question? None: there is none yet, and the phase has to go on."""
        trial = self.trial
        if phase == "baseline":
            return True if trial.baseline else False if trial.unsteady else None
        if phase == "symptoms":
            waiting = [n for n, symptom in enumerate(trial.symptoms) if symptom.condition and n not in trial.seen]
            return True if trial.broken and not waiting else None
        if phase == "control":
            return trial.controlled
        return True if {"recovery": trial.recovered, "after-revert": trial.held}[phase] else None

    def waiting_for(self, phase: str) -> str:
        """What the phase still waits for, in words."""
        trial = self.trial
        if phase != "symptoms":
            return {"control": "the control to be decided"}.get(phase, "all SLOs to hold")
        missing = [s.text for n, s in enumerate(trial.symptoms) if s.condition and n not in trial.seen]
        return "; ".join(missing) or "an SLO to break"

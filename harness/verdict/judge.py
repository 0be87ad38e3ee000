"""The judge of one drill: fed with the record's events in order, it answers the question of each phase, and the whole.

The drill asks it while it runs, and `gameday report` feeds it the same events again: both get the same answers, because
an answer depends on nothing but the events before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from harness.conditions.grammar import Condition, parse
from harness.verdict.reading import broken_now, holds_now, holds_since, read
from harness.verdict.steps import StepFacts
from harness.verdict.timeline import Event, Timeline

MAIN, TWIN = "main", "twin"
STEADY_ALPHA = 0.05
"""The steady state before and after only frames the experiment; what decides about a runbook takes the stricter α."""
STILL_S = 5
"""Longest window that stands for "still" on the twin, in seconds."""


@dataclass(frozen=True)
class Slo:
    """A service level objective: its name and the condition that is to hold."""

    name: str
    objective: Condition


@dataclass(frozen=True)
class BoundSymptom:
    """A documented symptom and the condition it was bound to; None: nobody bound it."""

    line: int
    text: str
    condition: Condition | None


@dataclass
class Trial:
    """What the judge has learnt so far of one drill."""

    header: Event
    symptoms: tuple[BoundSymptom, ...]
    slos: tuple[Slo, ...]
    sides: dict[str, Timeline] = field(default_factory=lambda: {MAIN: Timeline(), TWIN: Timeline()})
    phases: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    seen: dict[int, int] = field(default_factory=dict)
    present_before: set[int] = field(default_factory=set)
    broken: dict[str, int] = field(default_factory=dict)
    baseline_since: int | None = None
    baseline_end: int | None = None
    recovered_since: int | None = None
    recovered_end: int | None = None
    controlled: bool | None = None
    still_broken: tuple[str, ...] = ()
    held_since: int | None = None
    held_end: int | None = None
    undone: bool | None = None
    undo_why: str = ""
    steps: list[StepFacts] = field(default_factory=list)
    busy: list[tuple[float, float]] = field(default_factory=list)
    """(time, busy share of this machine's processors), about once a second."""
    notes: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    interrupted: bool = False
    ended_well: bool = False
    """The record holds the drill's last event: what was lost of it would be missing here."""
    limits: set[str] = field(default_factory=set)

    @property
    def objectives(self) -> tuple[Condition, ...]:
        """The conditions of all SLOs."""
        return tuple(slo.objective for slo in self.slos)

    @property
    def onset_s(self) -> float:
        """From the fault to the last documented symptom."""
        return max(self.seen.values(), default=0) - self.phases.get("fault", 0.0) if self.seen else 0.0

    def start(self, phase: str) -> int | None:
        """First whole second of a phase; None before it began."""
        return None if phase not in self.phases else int(self.phases[phase]) + 1


class Judge:
    """Feed it events by `add`; read its answers from `trial` and the questions below."""

    def __init__(self, header: Event) -> None:
        self.trial = Trial(header, _symptoms(header), _slos(header))

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
            if event.get("limit"):
                trial.limits.add(event["phase"])
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
        elif kind == "undone":
            trial.undone, trial.undo_why = event["ok"], event.get("why", "")

    def _look(self) -> None:
        """Look again at whatever the present phase asks."""
        phase = next((name for name in reversed(self.trial.phases) if name not in self.trial.ended), None)
        look: Mapping[str | None, Callable[[], None]] = {
            "baseline": self._baseline,
            "symptoms": self._symptoms,
            "recovery": self._recovery,
            "control": self._control,
            "after-undo": self._after_undo,
        }
        if phase in look:
            look[phase]()

    def _common_frontier(self) -> int:
        return min(side.frontier for side in self.trial.sides.values())

    def _baseline(self) -> None:
        trial, start, end = self.trial, self.trial.start("baseline"), self._common_frontier()
        if start is None or trial.baseline_since is not None:
            return
        since = [holds_since(trial.objectives, side, start, end, STEADY_ALPHA) for side in trial.sides.values()]
        if None not in since:
            trial.baseline_since, trial.baseline_end = since[0], end
            trial.present_before = {
                number
                for number, symptom in enumerate(trial.symptoms)
                if symptom.condition and read(symptom.condition, trial.sides[MAIN], since[0] or 0, end).holds
            }

    def _symptoms(self) -> None:
        trial, start, main = self.trial, self.trial.start("fault"), self.trial.sides[MAIN]
        if start is None:
            return
        for number, symptom in enumerate(trial.symptoms):
            if symptom.condition is None or number in trial.seen:
                continue
            if holds_now(symptom.condition, main, start - 1, main.frontier):
                trial.seen[number] = main.frontier
        for slo in trial.slos:
            if slo.name not in trial.broken and broken_now(slo.objective, main, start - 1, main.frontier):
                trial.broken[slo.name] = main.frontier

    def _recovery(self) -> None:
        """Well for as long as the incident took to show itself: a shorter calm may be its next beginning."""
        trial, start, main = self.trial, self.trial.start("response"), self.trial.sides[MAIN]
        if start is None or trial.recovered_since is not None:
            return
        since = holds_since(trial.objectives, main, start, main.frontier)
        if since is not None and main.frontier - since >= trial.onset_s:
            trial.recovered_since, trial.recovered_end = since, main.frontier

    def _control(self) -> None:
        """Did something that broke stay broken on the twin, to the end of the seconds in which the other side was well?

        To the end: the seconds before it came back by itself must not outweigh those since then."""
        trial, twin = self.trial, self.trial.sides[TWIN]
        if trial.recovered_since is None or trial.controlled is not None:
            return
        since, end = trial.recovered_since, twin.frontier
        broken = [slo for slo in trial.slos if slo.name in trial.broken]
        not_back = [slo for slo in broken if holds_since([slo.objective], twin, since, end) is None]
        late = max(since, end - STILL_S)
        trial.still_broken = tuple(slo.name for slo in not_back if read(slo.objective, twin, late, end).holds is False)
        if trial.still_broken:
            trial.controlled = True
        elif broken and not not_back:
            trial.controlled = False

    def _after_undo(self) -> None:
        trial, start, main = self.trial, self.trial.start("after-undo"), self.trial.sides[MAIN]
        if start is not None and trial.held_since is None:
            trial.held_since = holds_since(trial.objectives, main, start, main.frontier, STEADY_ALPHA)
            trial.held_end = main.frontier if trial.held_since is not None else None

    def answered(self, phase: str) -> bool:
        """Is the question of this phase answered, so that it may end?"""
        trial = self.trial
        if phase == "symptoms":
            waiting = [n for n, symptom in enumerate(trial.symptoms) if symptom.condition and n not in trial.seen]
            return not waiting and bool(trial.broken)
        return {
            "baseline": trial.baseline_since is not None,
            "recovery": trial.recovered_since is not None,
            "control": trial.controlled is not None,
            "after-undo": trial.held_since is not None,
        }[phase]

    def waiting_for(self, phase: str) -> str:
        """What the phase still waits for, in words."""
        trial = self.trial
        if phase != "symptoms":
            return {"control": "the twin to be decided"}.get(phase, "all SLOs to hold")
        missing = [s.text for n, s in enumerate(trial.symptoms) if s.condition and n not in trial.seen]
        return "; ".join(missing) or "an SLO to break"


def _symptoms(header: Event) -> tuple[BoundSymptom, ...]:
    return tuple(
        BoundSymptom(s["line"], s["text"], parse(s["condition"]) if s["condition"] else None)
        for s in header["symptoms"]
    )


def _slos(header: Event) -> tuple[Slo, ...]:
    return tuple(Slo(slo["name"], parse(slo["objective"])) for slo in header["slos"])

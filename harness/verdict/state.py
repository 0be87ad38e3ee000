"""What is known of one drill while its events are read, and the parameters of its statistical tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.conditions import Condition, parse
from harness.record.events import CONTROL, TREATMENT, DrillStarted, HostSampled
from harness.record.header import SloPlan
from harness.record.steps import StepFacts
from harness.stats.inflation import ENOUGH_S, UNKNOWN, VifEstimate
from harness.stats.sequential import TestParameters
from harness.verdict.timeline import SETTLE_S, Timeline, slice_from
from harness.verdict.window import Question, Window

ALPHA = 0.01
"""Probability of a wrong decision about a runbook, in each direction; the SLOs of a drill share it."""
STEADY_ALPHA = 0.05
"""The same for the steady state before the fault and after the revert, which is no part of the verdict."""
Span = tuple[float, float]
"""[from, to) in seconds since the epoch."""


@dataclass(frozen=True)
class Slo:
    """A service level objective and what is known about it before the drill.

    `alpha`: its own probability of a wrong decision (None: the drill's). `window_s`: window of its error budget.
    """

    name: str
    objective: Condition
    alpha: float | None = None
    known: VifEstimate = UNKNOWN
    window_s: float = 28 * 86400.0


@dataclass(frozen=True)
class BoundSymptom:
    """A documented symptom and its condition; None: the bindings give it none."""

    line: int
    text: str
    condition: Condition | None


@dataclass
class DrillState:
    """What is known of one drill after some of its events. Only the judge changes it, event by event.

    Times are seconds since the epoch. A span of an SLO is the window in which the SLO is known to hold.
    """

    header: DrillStarted
    symptoms: tuple[BoundSymptom, ...]
    slos: tuple[Slo, ...]
    sides: dict[str, Timeline]
    """The measurements of the treatment and of the control."""
    phase_started_s: dict[str, float] = field(default_factory=dict)
    phase_ended_s: dict[str, float] = field(default_factory=dict)
    answers: dict[str, bool | None] = field(default_factory=dict)
    """By phase that waits for a decision; None: undecided at its limit."""
    vif: dict[str, VifEstimate] = field(default_factory=dict)
    """By SLO, from earlier runs and the baseline of this one; empty until the baseline is decided."""
    baseline_spans: dict[str, dict[str, Span]] = field(default_factory=dict)
    """By side and SLO, the span before the fault; empty until every SLO is known to hold on both sides."""
    baseline_broken: tuple[str, ...] = ()
    """SLOs that are known to be broken before the fault."""
    symptoms_present_before: set[int] = field(default_factory=set)
    """Indices of the symptoms that were present before the fault."""
    symptoms_seen_s: dict[int, float] = field(default_factory=dict)
    """When each symptom was first known to be present after the fault, by its index."""
    slos_broken_s: dict[str, float] = field(default_factory=dict)
    """When each SLO was first known to be broken after the fault, by its name."""
    fault_applied_s: dict[str, float] = field(default_factory=dict)
    """By side, when its first fault was active."""
    recovery_spans: dict[str, Span] = field(default_factory=dict)
    """By SLO, the span after the response; empty until every SLO is known to hold for long enough."""
    still_broken: tuple[str, ...] = ()
    """SLOs that are known to be broken on the control over the seconds of the recovery."""
    self_healed: bool = False
    """Whether every SLO that broke is known to hold on the control again."""
    after_revert_spans: dict[str, Span] = field(default_factory=dict)
    """By SLO, the span after the revert; empty until every SLO is known to hold."""
    reverted: bool | None = None
    """Whether every revert succeeded; None: not reverted yet."""
    revert_why: str = ""
    """Errors of the reverts that failed."""
    control_reverted: bool | None = None
    """The same for the control, which is taken down after its reverts."""
    steps: list[StepFacts] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    host: list[HostSampled] = field(default_factory=list)
    """How long the processes of the run waited for a processor, every two seconds."""
    interrupted: bool = False
    ended: bool = False
    """Whether the last event of the drill was read; otherwise the record was cut."""

    @property
    def controlled(self) -> bool | None:
        """Whether the control stayed broken while the treatment recovered; None: undecided."""
        return True if self.still_broken else False if self.self_healed else None

    @property
    def symptoms_missing(self) -> list[BoundSymptom]:
        """The symptoms that have a condition and were not seen yet."""
        return [each for n, each in enumerate(self.symptoms) if each.condition and n not in self.symptoms_seen_s]

    @property
    def onset_s(self) -> float:
        """Seconds from the fault to the last documented symptom; 0 before the first."""
        if not self.symptoms_seen_s:
            return 0.0
        return max(self.symptoms_seen_s.values()) - self.phase_started_s.get("fault", 0.0)

    def applied_s(self, side: str) -> float:
        """When the first fault of a side was active; until then, the begin of the phase that applies it."""
        return self.fault_applied_s.get(side, self.phase_started_s.get("fault", 0.0))

    @property
    def recovered_since(self) -> float | None:
        """Time from which on every SLO that had broken held again; None: not recovered."""
        begins = [begin for name, (begin, _) in self.recovery_spans.items() if name in self.slos_broken_s]
        return max(begins or [begin for begin, _ in self.recovery_spans.values()], default=None)

    @property
    def present_phase(self) -> str | None:
        """The phase that has started and not ended; None between two phases."""
        return next((name for name in reversed(self.phase_started_s) if name not in self.phase_ended_s), None)

    def start(self, phase: str) -> float | None:
        """Begin of the first whole slice of a phase; None before the phase."""
        return None if phase not in self.phase_started_s else slice_from(self.phase_started_s[phase])

    def window(self, side: str, start: float, end: float | None = None) -> Window:
        """The window of a side from `start` to `end`; None: to the last settled slice."""
        timeline = self.sides[side]
        return Window(timeline, start, timeline.frontier if end is None else end)

    def baseline_question(self, slo: Slo) -> Question:
        """Whether an SLO holds in the baseline, where only the VIF of earlier runs is known."""
        return Question(slo.objective, TestParameters(slo.alpha or STEADY_ALPHA, slo.known, len(self.slos)))

    def question(self, slo: Slo, *, steady: bool = False, alarm: bool = False) -> Question:
        """Whether an SLO holds. `steady`: in a steady state. `alarm`: a short window may decide."""
        alpha = slo.alpha or (STEADY_ALPHA if steady else ALPHA)
        return Question(slo.objective, TestParameters(alpha, self._vif_of(slo), len(self.slos), alarm))

    def symptom_question(self, condition: Condition) -> Question:
        """Whether a symptom is present: at an α of its own, with the largest VIF known from the SLOs on its series."""
        alike = [slo for slo in self.slos if condition.series is not None and slo.objective.series == condition.series]
        known = VifEstimate(max((self._vif_of(slo).vif for slo in alike), default=1.0))
        return Question(condition, TestParameters(ALPHA, known, alarm=True))

    def _vif_of(self, slo: Slo) -> VifEstimate:
        return self.vif.get(slo.name, slo.known)


def new_drill_state(header: DrillStarted) -> DrillState:
    """The state after the first event of a drill. Raises ConditionError if a condition of it cannot be parsed."""
    slos = tuple(_slo(slo) for slo in header.slos)
    settle_s = max([SETTLE_S, *((slo.objective.over_ms or 0.0) / 1000 for slo in slos)])
    return DrillState(header, _symptoms(header), slos, {name: Timeline(settle_s) for name in (TREATMENT, CONTROL)})


def _symptoms(header: DrillStarted) -> tuple[BoundSymptom, ...]:
    return tuple(BoundSymptom(s.line, s.text, parse(s.condition) if s.condition else None) for s in header.symptoms)


def _slo(plan: SloPlan) -> Slo:
    """The SLO of a header. A VIF that the user states counts as known without any earlier run."""
    known = VifEstimate(plan.known_vif, plan.known_vif_s)
    if plan.vif_floor:
        known = VifEstimate(max(known.vif, plan.vif_floor), max(known.seconds, ENOUGH_S))
    return Slo(plan.name, parse(plan.objective), plan.alpha, known, plan.window_s)

"""What the judge has learnt so far of one drill, and on what terms its questions are decided."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.conditions import Condition, parse
from harness.record.events import CONTROL, TREATMENT, DrillStarted
from harness.record.header import SloPlan
from harness.record.steps import StepFacts
from harness.stats.inflation import ENOUGH_S, UNKNOWN, VifEstimate
from harness.stats.sequential import TestParameters
from harness.verdict.timeline import SETTLE_S, Timeline, slice_from

ALPHA = 0.01
"""Chance of a wrong answer about a runbook, in each direction; the SLOs of a drill share it."""
STEADY_ALPHA = 0.05
"""The steady state before and after only frames the experiment."""


@dataclass(frozen=True)
class Slo:
    """A service level objective: its name, the condition that is to hold, and what is known of it before the drill.

    `alpha`: its own chance of a wrong answer (None: the drill's). `window_s`: what its error budget is
    for.
    """

    name: str
    objective: Condition
    alpha: float | None = None
    known: VifEstimate = UNKNOWN
    window_s: float = 28 * 86400.0


@dataclass(frozen=True)
class BoundSymptom:
    """A documented symptom and the condition it was bound to; None: nobody bound it."""

    line: int
    text: str
    condition: Condition | None


Span = tuple[float, float]
"""[from, to) in seconds."""


@dataclass
class DrillState:
    """What the judge has learnt so far of one drill. Spans are those in which a question was answered, by SLO."""

    header: DrillStarted
    symptoms: tuple[BoundSymptom, ...]
    slos: tuple[Slo, ...]
    sides: dict[str, Timeline]
    phases: dict[str, float] = field(default_factory=dict)
    ended: dict[str, float] = field(default_factory=dict)
    seen: dict[int, float] = field(default_factory=dict)
    present_before: set[int] = field(default_factory=set)
    broken: dict[str, float] = field(default_factory=dict)
    known: dict[str, VifEstimate] = field(default_factory=dict)
    """By SLO: earlier runs, and since its end the baseline of this one."""
    baseline: dict[str, dict[str, Span]] = field(default_factory=dict)
    """By side and SLO, the span over which it held before anything was done; empty until all did on both."""
    unsteady: tuple[str, ...] = ()
    """SLOs known not to hold before anything was done."""
    recovered: dict[str, Span] = field(default_factory=dict)
    controlled: bool | None = None
    still_broken: tuple[str, ...] = ()
    held: dict[str, Span] = field(default_factory=dict)
    reverted: bool | None = None
    revert_why: str = ""
    steps: list[StepFacts] = field(default_factory=list)
    busy: list[tuple[float, float]] = field(default_factory=list)
    """(time, busy share of this machine's processors), about once a second."""
    notes: list[str] = field(default_factory=list)
    crashes: list[str] = field(default_factory=list)
    interrupted: bool = False
    ended_well: bool = False
    """The record holds the drill's last event: what was lost of it would be missing here."""
    answers: dict[str, bool | None] = field(default_factory=dict)
    """By phase that asked a question; None: its limit came first."""

    @property
    def onset_s(self) -> float:
        """From the fault to the last documented symptom."""
        return max(self.seen.values(), default=0) - self.phases.get("fault", 0.0) if self.seen else 0.0

    @property
    def recovered_since(self) -> float | None:
        """The moment from which all SLOs that had broken held again."""
        begins = [begin for name, (begin, _) in self.recovered.items() if name in self.broken]
        return max(begins or [begin for begin, _ in self.recovered.values()], default=None)

    @property
    def present_phase(self) -> str | None:
        """The phase under way; None between two of them."""
        return next((name for name in reversed(self.phases) if name not in self.ended), None)

    def start(self, phase: str) -> float | None:
        """First whole slice of a phase; None before it began."""
        return None if phase not in self.phases else slice_from(self.phases[phase])

    def parameters_before(self, slo: Slo) -> TestParameters:
        """The terms of the baseline, when this drill had taught nothing yet."""
        return TestParameters(slo.alpha or STEADY_ALPHA, slo.known, len(self.slos))

    def parameters(self, slo: Slo, *, steady: bool = False, alarm: bool = False) -> TestParameters:
        """On what terms a question about an SLO is decided; the SLOs of a drill share α equally."""
        alpha = slo.alpha or (STEADY_ALPHA if steady else ALPHA)
        return TestParameters(alpha, self.known.get(slo.name, slo.known), len(self.slos), alarm)

    def symptom_parameters(self, condition: Condition) -> TestParameters:
        """A symptom's α is its own; of the VIF is known what the SLOs on the same load taught."""
        alike = [slo for slo in self.slos if condition.series is not None and slo.objective.series == condition.series]
        vifs = [self.parameters(slo).known.vif for slo in alike]
        return TestParameters(ALPHA, VifEstimate(max(vifs, default=1.0)), alarm=True)


def new_drill_state(header: DrillStarted) -> DrillState:
    """The state of the drill that this event of a record begins. Raises ConditionError."""
    slos = tuple(_slo(slo) for slo in header.slos)
    settle_s = max([SETTLE_S, *((slo.objective.over_ms or 0.0) / 1000 for slo in slos)])
    return DrillState(header, _symptoms(header), slos, {name: Timeline(settle_s) for name in (TREATMENT, CONTROL)})


def _symptoms(header: DrillStarted) -> tuple[BoundSymptom, ...]:
    return tuple(BoundSymptom(s.line, s.text, parse(s.condition) if s.condition else None) for s in header.symptoms)


def _slo(plan: SloPlan) -> Slo:
    """A VIF that the user states is known without any earlier run."""
    known = VifEstimate(plan.known_vif, plan.known_vif_s)
    if plan.vif_floor:
        known = VifEstimate(max(known.vif, plan.vif_floor), max(known.seconds, ENOUGH_S))
    return Slo(plan.name, parse(plan.objective), plan.alpha, known, plan.window_s)

"""What is known of one drill while its events are read, and the parameters of its statistical tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.conditions import Condition, parse
from harness.record.event import CONTROL, TREATMENT
from harness.record.events import ControlPlanned, DrillStarted, HostSampled
from harness.record.header import SloPlan
from harness.record.incident import AlertRaised
from harness.record.monitoring import DashboardChecked
from harness.record.steps import StepFacts
from harness.stats.hazard import EarlierRuns, ratio_needed
from harness.stats.inflation import ENOUGH_S, UNKNOWN, VifEstimate
from harness.stats.sequential import TestParameters
from harness.verdict.alert_log import AlertLog
from harness.verdict.response import ResponseLog, changes
from harness.verdict.timeline import SETTLE_S, Timeline, slice_from, slice_until
from harness.verdict.window import Question, Window

ALPHA = 0.01
"""Probability of a wrong decision about a runbook, in each direction; the SLOs of a drill share it."""
STEADY_ALPHA = 0.05
"""The same for the steady state before the fault and after the revert, which is no part of the verdict."""
CREDIT_ALPHA = 0.1
"""Largest probability at which a recovery is credited although the incident may have ended by itself."""
STRICT_CREDIT_ALPHA = 0.01
"""The same for a strict run, which needs earlier runs."""
AGE_FACTOR = 2.0
"""The control is observed until its incident is so many times as old as that of the treatment was at its recovery."""
MIN_LASTING_S = 20.0
"""Shortest recovery that counts, in seconds: a restart or a rollout brings a calm that is shorter than this."""
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

    @property
    def allowed_bad(self) -> float:
        """The share of bad events that the objective allows; 0: it has no error budget."""
        return self.objective.measure.allowed_bad(self.objective) or 0.0


@dataclass(frozen=True)
class BoundSymptom:
    """A documented symptom and its condition; None: the bindings give it none."""

    line: int
    text: str
    condition: Condition | None


@dataclass(frozen=True)
class Credit:
    """Evidence that the response, and not the incident's own end, brought the recovery. Times in seconds.

    `alpha` bounds the probability of the same evidence if the incident ends by itself (`stats/hazard.py`).
    `still_broken` and `self_healed` are about the control at the end of its observation.
    """

    window_s: float | None
    """From the begin of the first changing step to the recovery; None: no step changed anything before it."""
    age_s: float
    """Age of the incident on the treatment at its recovery."""
    control_age_s: float
    """Age of the incident on the control at the end of its observation."""
    alpha: float
    lasted_s: float
    """Length of the treatment's recovery."""
    control_healthy_s: float
    """Longest healthy spell of the control in the incident."""
    still_broken: tuple[str, ...] = ()
    """SLOs that are broken on the control, and whose healthy spells there were clearly shorter than the recovery."""
    self_healed: bool = False
    """Whether every SLO that broke is known to hold on the control again."""


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
    sequential: ControlPlanned | None = None
    """The plan of a control that runs before the treatment, on the same platform; None: they run at once."""
    control_run: Timeline | None = None
    """What was measured in the run of a sequential control, at its own times; None: it is not compared yet."""
    phase_started_s: dict[str, float] = field(default_factory=dict)
    phase_ended_s: dict[str, float] = field(default_factory=dict)
    answers: dict[str, bool | None] = field(default_factory=dict)
    """By phase that waits for a decision; None: undecided at its limit."""
    vif: dict[str, VifEstimate] = field(default_factory=dict)
    """By SLO, from earlier runs and the baseline of this one; empty until the baseline is decided."""
    baseline_spans: dict[str, dict[str, Span]] = field(default_factory=dict)
    """By side and SLO, the span before the fault; empty until every SLO is known to hold on both sides."""
    control_baseline_spans: dict[str, Span] = field(default_factory=dict)
    """By SLO, the span before the fault of a sequential control; empty until every SLO is known to hold there."""
    baseline_broken: tuple[str, ...] = ()
    """SLOs that are known to be broken before the fault."""
    symptoms_present_before: set[int] = field(default_factory=set)
    """Indices of the symptoms that were present before the fault."""
    symptoms_seen_s: dict[int, float] = field(default_factory=dict)
    """When each symptom was first known to be present after the fault, by its index."""
    slos_broken_s: dict[str, float] = field(default_factory=dict)
    """When each SLO was first known to be broken after the fault, by its name."""
    control_broken_s: dict[str, float] = field(default_factory=dict)
    """The same on the control, which is observed until the end of its phase."""
    fault_applied_s: dict[str, float] = field(default_factory=dict)
    """By side, when its first fault was active."""
    recovery_spans: dict[str, Span] = field(default_factory=dict)
    """By SLO, the span after the response; empty until every SLO is known to hold for long enough."""
    relapsed: tuple[str, ...] = ()
    """SLOs that are known to be broken again after the recovery, while the fault was still active."""
    credit: Credit | None = None
    """Comparison of both sides after the recovery; None: there was none."""
    after_revert_spans: dict[str, Span] = field(default_factory=dict)
    """By SLO, the span after the revert; empty until every SLO is known to hold."""
    faults_ended: dict[str, str] = field(default_factory=dict)
    """By side, the observation that a fault had ended by itself before its revert."""
    reverted: bool | None = None
    """Whether every revert succeeded; None: not reverted yet."""
    revert_why: str = ""
    """Errors of the reverts that failed."""
    control_reverted: bool | None = None
    """The same for the control, which is taken down after its reverts."""
    control_revert_why: str = ""
    alerts: AlertLog = field(default_factory=AlertLog)
    steps: list[StepFacts] = field(default_factory=list)
    response: ResponseLog = field(default_factory=ResponseLog)
    """What a person or a program did in place of the runbook."""
    findings: list[str] = field(default_factory=list)
    boards: dict[tuple[int, str], DashboardChecked] = field(default_factory=dict)
    """What a monitoring system answered about a dashboard line, by line and name."""
    fired: dict[str, AlertRaised] = field(default_factory=dict)
    """The alerts of Prometheus, by name."""
    delivered_s: dict[str, float] = field(default_factory=dict)
    """When Alertmanager had them, by name."""
    crashes: list[str] = field(default_factory=list)
    host: list[HostSampled] = field(default_factory=list)
    """How long the processes of the run waited for a processor, every two seconds."""
    interrupted: bool = False
    ended: bool = False
    """Whether the last event of the drill was read; otherwise the record was cut."""

    @property
    def controlled(self) -> bool | None:
        """Whether the control stayed broken while the treatment recovered; None: undecided."""
        if self.credit is None:
            return None
        return True if self.credit.still_broken else False if self.credit.self_healed else None

    @property
    def broken(self) -> tuple[Slo, ...]:
        """The SLOs that broke on the treatment after the fault."""
        return tuple(slo for slo in self.slos if slo.name in self.slos_broken_s)

    @property
    def symptoms_missing(self) -> list[BoundSymptom]:
        """The symptoms that have a condition and were not seen yet."""
        return [each for n, each in enumerate(self.symptoms) if each.condition and n not in self.symptoms_seen_s]

    @property
    def onset_s(self) -> float:
        """Seconds from the fault to the last symptom that was seen, or SLO that broke, on either side; 0 before it."""
        treatment = self._onset(TREATMENT, [*self.symptoms_seen_s.values(), *self.slos_broken_s.values()])
        return max(treatment, self._onset(CONTROL, list(self.control_broken_s.values())))

    def _onset(self, side: str, seen_s: list[float]) -> float:
        return max(seen_s) - self.applied_s(side) if seen_s else 0.0

    def applied_s(self, side: str) -> float:
        """When the first fault of a side was active; until then, the begin of the phase that applies it."""
        return self.fault_applied_s.get(side, self.phase_started_s.get("fault", 0.0))

    def age_s(self, side: str) -> float:
        """Age of the incident of a side at the end of what is known of it, in seconds."""
        return self.sides[side].frontier - self.applied_s(side)

    def lasting_s(self, recovered_since: float) -> float:
        """Seconds for which a recovery must last, in which other SLOs may still break or the remedy wear off.

        As long as the slowest onset took, and as long as the incident had lasted.
        """
        return max(MIN_LASTING_S, self.onset_s, recovered_since - self.applied_s(TREATMENT))

    @property
    def earlier(self) -> EarlierRuns:
        """Exposure of the same incident without a response in earlier runs."""
        return EarlierRuns(self.header.earlier_exposure_s, self.header.earlier_ends)

    @property
    def control_age_needed_s(self) -> float | None:
        """Age that the incident on the control must reach before `alpha` suffices; None: time does not decide."""
        credit = self.credit
        if credit is None or credit.window_s is None:
            return None
        before_s, limit = credit.age_s - credit.window_s, self.header.credit_alpha
        return credit.age_s * max(AGE_FACTOR, ratio_needed(credit.window_s, before_s, limit, self.earlier))

    @property
    def control_needed_s(self) -> float | None:
        """Seconds for which the control must still be observed until `alpha` suffices; None: time does not decide."""
        needed_s = self.control_age_needed_s
        return None if self.credit is None or needed_s is None else max(0.0, needed_s - self.credit.control_age_s)

    @property
    def first_change_s(self) -> float | None:
        """Start of the first step or typed command that changed something; None: none did."""
        found = changes((facts for facts in self.steps if facts.kind != "general"), self.response)
        return found[0].started_s if found else None

    @property
    def recovered_since(self) -> float | None:
        """Time from which on every SLO that had broken held again; None: not recovered."""
        return self.begin_of(self.recovery_spans)

    def begin_of(self, spans: Mapping[str, Span]) -> float | None:
        """Latest begin of the spans of the SLOs that had broken; of all if none had; None without spans."""
        begins = [begin for name, (begin, _) in spans.items() if name in self.slos_broken_s]
        return max(begins or [begin for begin, _ in spans.values()], default=None)

    @property
    def present_phase(self) -> str | None:
        """The phase that has started and not ended; None between two phases."""
        return next((name for name in reversed(self.phase_started_s) if name not in self.phase_ended_s), None)

    def baseline_phase(self, side: str) -> str:
        """The phase in which a side is observed before its fault."""
        return "control-baseline" if self.sequential and side == CONTROL else "baseline"

    def start(self, phase: str) -> float | None:
        """Begin of the first whole slice of a phase; None before the phase."""
        return None if phase not in self.phase_started_s else slice_from(self.phase_started_s[phase])

    def end(self, phase: str) -> float:
        """End of the last whole slice of a phase that has ended."""
        return slice_until(self.phase_ended_s[phase])

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

"""Result of a drill: the verdict, its reasons and the evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from harness.record.steps import StepFacts
from harness.verdict.alerts import AlertResult
from harness.verdict.budget import Budget
from harness.verdict.measurement import Measurement
from harness.verdict.response import ResponseResult
from harness.verdict.scope import Outage
from harness.verdict.state import Credit, Span

if TYPE_CHECKING:
    from harness.verdict.charts import Charts


class Verdict(StrEnum):
    """The result of a drill or a gameday."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class SloResult:
    """One SLO in each part of the drill; None: the drill did not get so far.

    `control_before` is the control's baseline; `budget` the cost of the incident, from the fault to the recovery.
    """

    name: str
    objective: str
    unit: str
    before: Measurement | None
    control_before: Measurement | None
    during: Measurement | None
    after: Measurement | None
    after_revert: Measurement | None
    control: Measurement | None
    budget: Budget | None


@dataclass(frozen=True)
class SymptomResult:
    """One documented symptom; `seen_after_s` counts from the fault on the treatment."""

    line: int
    text: str
    condition: str | None
    seen: bool
    seen_after_s: float | None


@dataclass(frozen=True)
class Effect:
    """Bad fractions of one SLI before and after a step, and whether they differ by more than chance explains."""

    slo: str
    before: float | None
    after: float | None
    moved: bool


@dataclass(frozen=True)
class StepResult:
    """One step: its recorded facts, its verdict, and the effect on each SLI."""

    facts: StepFacts
    verdict: str
    why: str
    effects: tuple[Effect, ...]

    @property
    def place(self) -> str:
        """Line and text of the step on one line: `line 31: kubectl get pods`."""
        return f"line {self.facts.line}: {' '.join(self.facts.text.split())}"


@dataclass(frozen=True)
class DashboardResult:
    """One dashboard line: `ok`, `failed` or `not checked`; `near` is an exported metric that may be meant, or ""."""

    line: int
    text: str
    system: str
    name: str
    verdict: str
    why: str
    near: str = ""


@dataclass(frozen=True)
class PrometheusAlert:
    """An alert that fired in the Prometheus of the treatment, in seconds from the fault on.

    `delivered_after_s`: when its Alertmanager had it; None: there was none, or it did not arrive.
    """

    name: str
    priority: str
    slo: str
    after_s: float
    delivered_after_s: float | None


@dataclass(frozen=True)
class LoadFacts:
    """The load of the drill: scenario, and rate in arrivals per second (0: the scenario's own)."""

    scenario: str
    rate: float


@dataclass(frozen=True)
class Latency:
    """P95 of a load series in a part of the drill, among its successful arrivals; None where there was none.

    `n` counts these arrivals.
    """

    series: str
    part: Literal["before", "during", "after"]
    n: int
    p95_ms: float | None


@dataclass(frozen=True)
class PhaseResult:
    """Duration, arrivals and decision of a phase. `answer` is None at its limit; `asked`: it waited for a decision."""

    phase: str
    seconds: float
    arrivals: int
    asked: bool
    answer: bool | None


@dataclass(frozen=True)
class Times:
    """Seconds since the fault was active on the treatment. Detected is when the first symptom was known, recovered when
    the SLOs began to hold again.

    The intervals are for the moments at which that symptom began and the recovery began, at 1 − α.
    """

    detect_s: float | None = None
    onset_interval_s: Span | None = None
    recover_s: float | None = None
    recover_interval_s: Span | None = None


@dataclass(frozen=True)
class SequentialRun:
    """That the control ran before the treatment, on the same platform: why, and for how long it was to be observed."""

    why: str
    observe_s: float


@dataclass(frozen=True)
class DrillResult:
    """One drill, whole. Times in seconds."""

    runbook: str
    title: str
    line: int
    fault: str
    verdict: Verdict
    cause: str
    """Why it did not pass, in one sentence with the measured value, the objective and n; "" if it passed."""
    why: tuple[str, ...]
    symptoms: tuple[SymptomResult, ...]
    steps: tuple[StepResult, ...]
    general: tuple[StepResult, ...]
    slos: tuple[SloResult, ...]
    dashboards: tuple[DashboardResult, ...]
    outages: tuple[Outage, ...]
    """Outages of Deployments that the incident does not concern, caused by the response."""
    controlled: bool
    credit: Credit | None
    """Evidence that the response brought the recovery; None: there was no recovery to credit."""
    credit_limit: float
    """Largest `credit.alpha` at which a recovery is credited."""
    control_needed_s: float | None
    """For how long the control had to be observed from its fault on for that; None: time does not decide."""
    sequential: SequentialRun | None
    """None: the control ran beside the treatment."""
    times: Times
    prometheus_alerts: tuple[PrometheusAlert, ...]
    reverted: bool
    """Whether the fault was reverted on the treatment."""
    control_reverted: bool
    """Whether it was reverted on the control, before that was taken down."""
    findings: tuple[str, ...]
    phases: tuple[PhaseResult, ...]
    alpha: float
    """Probability of a wrong decision about the runbook, shared by the SLOs."""
    response: ResponseResult | None
    """What a person or a program did; None: the runbook was executed as written."""
    load: LoadFacts
    alerts: tuple[AlertResult, ...]
    """Empty in the records of releases that raised none."""
    latencies: tuple[Latency, ...]
    """P95 of every load series on the treatment, in each part of the drill."""
    draw: Callable[[], Charts] = field(repr=False, compare=False)
    """Computes `charts`."""

    @cached_property
    def charts(self) -> Charts:
        """The measurements over time; computed for a page only, because that takes longer than all the rest."""
        return self.draw()

    @property
    def escalated(self) -> bool:
        """Whether an alert went to a level above the first one."""
        return any(alert.level_after_s(2) is not None for alert in self.alerts)

    @property
    def waited_for_symptoms(self) -> bool:
        """Whether the drill waited for its symptoms to the end, so that one that was not seen did not appear."""
        return any(phase.phase == "symptoms" for phase in self.phases)

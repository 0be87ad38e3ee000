"""What a drill came to: the verdict, its reasons and the evidence, and how a value is shown."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model import Verdict
from harness.record.steps import StepFacts
from harness.verdict.budget import Budget
from harness.verdict.measurement import Measurement
from harness.verdict.state import Slo, Span


@dataclass(frozen=True)
class SloResult:
    """One SLO in each part of the drill; a measurement of None: the drill did not get there.

    `control_before` is the control's baseline; `budget` what the incident cost, from the fault to the recovery.
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
    """One documented symptom; `seen_after_s` counts from the fault."""

    line: int
    text: str
    condition: str | None
    seen: bool
    seen_after_s: float | None


@dataclass(frozen=True)
class Effect:
    """One SLI before and after a step: bad fractions, and whether they differ by more than chance would explain."""

    slo: str
    before: float | None
    after: float | None
    moved: bool


@dataclass(frozen=True)
class StepResult:
    """One step: what was recorded, what it is worth, and what the SLIs did after it."""

    facts: StepFacts
    verdict: str
    why: str
    effects: tuple[Effect, ...]

    @property
    def place(self) -> str:
        """Where it stands and how it reads, on one line: `line 31: kubectl get pods`."""
        return f"line {self.facts.line}: {' '.join(self.facts.text.split())}"


@dataclass(frozen=True)
class DashboardResult:
    """One dashboard line: `ok`, `failed` or `not checked`."""

    line: int
    text: str
    system: str
    name: str
    verdict: str
    why: str


@dataclass(frozen=True)
class LoadFacts:
    """Under what load it was: a VIF is that of a scenario at a rate (0: the scenario's own)."""

    scenario: str
    rate: float


@dataclass(frozen=True)
class PhaseResult:
    """What a phase cost, and its answer: True, False, None at its limit; `asked` is False where nothing was to be
    decided."""

    phase: str
    seconds: float
    arrivals: int
    asked: bool
    answer: bool | None


@dataclass(frozen=True)
class Times:
    """Seconds since the fault. Detected is when the first symptom was known, recovered when the SLOs began to hold
    again.

    The intervals are for the moments at which that symptom began and the recovery began, at 1 − α.
    """

    detect_s: float | None = None
    onset_interval_s: Span | None = None
    recover_s: float | None = None
    recover_interval_s: Span | None = None


@dataclass(frozen=True)
class DrillResult:
    """One drill, whole. Times in seconds."""

    runbook: str
    title: str
    line: int
    fault: str
    verdict: Verdict
    why: tuple[str, ...]
    symptoms: tuple[SymptomResult, ...]
    steps: tuple[StepResult, ...]
    general: tuple[StepResult, ...]
    slos: tuple[SloResult, ...]
    dashboards: tuple[DashboardResult, ...]
    controlled: bool
    times: Times
    reverted: bool
    findings: tuple[str, ...]
    phases: tuple[PhaseResult, ...]
    alpha: float
    """Chance of a wrong answer about the runbook, shared by the SLOs."""
    load: LoadFacts


def show_value(slo: Slo, measurement: Measurement) -> str:
    """A measurement in the unit of its objective."""
    return show_measurement(measurement, slo.objective.unit)


def show_measurement(measurement: Measurement, unit: str) -> str:
    """`412 ms`, `99.7 %`, `none good` (arrivals, and none that was answered well), or `no data`."""
    if measurement.value is None and measurement.n:
        return "none good"
    return show_number(measurement.value, unit)


def show_number(value: float | None, unit: str) -> str:
    """`412 ms`, `99.7 %`, `3`, or `no data`."""
    if value is None:
        return "no data"
    if unit == "ratio":
        return f"{value * 100:.3g} %" if value < 0.995 else f"{value * 100:.4g} %"
    return f"{value:.0f} ms" if unit == "ms" else f"{value:g}"


def show_interval(measurement: Measurement, unit: str) -> str:
    """`[398, 430]` in the measurement's unit, `[398, …]` without an upper limit, "" where nothing was measured."""
    if measurement.interval is None:
        return ""
    low, high = (None if end is None else show_number(end, unit).split(" ")[0] for end in measurement.interval)
    return f"[{low}, {high or '…'}]"


def show_evidence(measurement: Measurement) -> str:
    """`n 547 (318 effective)`."""
    effective = (
        ""
        if measurement.effective is None or measurement.alpha is None
        else f" ({measurement.effective:.0f} effective)"
    )
    return f"n {measurement.n}{effective}"

"""Result of a drill: the verdict, its reasons and the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from harness.model import Verdict
from harness.record.steps import StepFacts
from harness.verdict.budget import Budget
from harness.verdict.measurement import Measurement
from harness.verdict.state import Span


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

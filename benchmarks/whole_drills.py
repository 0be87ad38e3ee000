"""Whole drills of invented incidents: how often a response that restores nothing is credited, and a good one passes.

Each drill runs the product's own phases and judge on a simulated clock; only the load of both sides is invented. The
law of an incident is the same on both sides unless its name says otherwise.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.incidents import SELF_HEALING, Incident, Law, left_at, remedied, remedied_for
from benchmarks.threshold import Threshold
from harness.drill import Drill
from harness.faults.base import Injection, Target
from harness.gameday.observation import MARGIN, expected_s
from harness.record.event import CONTROL, TREATMENT, DrillEvent, SideName
from harness.record.events import ControlPlanned, DrillStarted, LoadCounted, LoadSlice, StepExecuted
from harness.record.header import SloPlan, SymptomPlan
from harness.record.steps import StepFacts
from harness.stats.hazard import credited_share
from harness.stats.inflation import ENOUGH_S
from harness.stats.sequential import SLICE_S
from harness.verdict.drill import drill_result
from harness.verdict.judge import Judge
from harness.verdict.result import DrillResult, Verdict
from harness.verdict.state import CREDIT_ALPHA

RATE = 100
"""Arrivals per second on each side."""
WARM_VIF = 1.3
OBSERVE_S = MARGIN * expected_s(["read", "change"])
"""For how long the product observes a sequential control on a first run, where the runbook has a look and a change."""
SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)


@dataclass
class SimulatedDrill:
    """One drill on a simulated clock. `changes`: whether the response changes something (without any effect)."""

    laws: tuple[Law, Law]
    rng: Random
    changes: bool = True
    warm: bool = False
    objective: str = "availability(gateway) >= 99%"
    background: float = 0.0
    """Fraction of arrivals that fail at all times."""
    delay_s: float = 3.0
    """From the changing step until the remedy works, if the law depends on it."""
    observe_s: float | None = None
    """For how long a sequential control is observed; None: both sides run at once."""
    now: float = 1_000_000.0
    applied_s: dict[str, float] = field(default_factory=dict)
    reverted_s: dict[str, float] = field(default_factory=dict)
    healed_s: float = math.inf

    def run(self) -> DrillResult:
        """Run all phases; return the result."""
        self._judge = Judge(self._header())
        self.live: set[SideName] = set()
        self._record(self._header())
        Drill(
            sides=[_Side(name, self) for name in SIDES],
            faults=[_Fault(self)],
            judge=self._reading,
            record=self._record,
            stop=threading.Event(),
            respond=self._respond,
            sequential=None if self.observe_s is None else ControlPlanned(why="simulated", observe_s=self.observe_s),
            clock=lambda: self.now,
            pause=lambda _: self._second(),
        ).run()
        return drill_result(self._judge.state)

    def _header(self) -> DrillStarted:
        vif, seconds = (WARM_VIF, ENOUGH_S) if self.warm else (1.0, 0.0)
        slo = SloPlan("availability", self.objective, 28 * 86400.0, known_vif=vif, known_vif_s=seconds)
        symptom = SymptomPlan(10, "errors", "error_rate(gateway) > 5%")
        return DrillStarted(
            drill="D", title="D", line=1, fault="f", scenario="s", symptoms=(symptom,), slos=(slo,), t_s=self.now
        )

    @contextmanager
    def _reading(self) -> Iterator[Judge]:
        yield self._judge

    def _record(self, event: DrillEvent, *, sync: bool = False) -> None:
        self._judge.add(replace(event, drill="D", t_s=self.now))

    def _respond(self) -> None:
        change: tuple[str, ...] = ("deployment/web replicas 1 -> 3",) if self.changes else ()
        for changed, seconds in (((), 6), (change, 2)):
            started_s = self.now
            for _ in range(seconds):
                self._second()
            self._record(StepExecuted(facts=_facts(changed, seconds, started_s)))
        self.healed_s = self.now + self.delay_s

    def _second(self) -> None:
        """Let one second pass; each side that is up reports its arrivals."""
        begin, self.now = self.now, self.now + 1.0
        for name in (side for side in SIDES if side in self.live):
            slices = tuple(self._slice(name, begin + quarter * SLICE_S) for quarter in range(4))
            self._record(LoadCounted(side=name, until_s=self.now, slices=slices))

    def _slice(self, side: SideName, at_s: float) -> LoadSlice:
        n = round(RATE * SLICE_S)
        fraction = self._fraction(side, at_s)
        bad = sum(self.rng.random() < fraction for _ in range(n)) if fraction else 0
        return LoadSlice("gateway", at_s, n, n - bad, {"http_503": bad} if bad else {})

    def _fraction(self, side: SideName, at_s: float) -> float:
        applied_s = self.applied_s.get(side, math.inf)
        if not applied_s <= at_s < self.reverted_s.get(side, math.inf):
            return self.background
        treated = side == TREATMENT and at_s >= self.healed_s
        law = self.laws[SIDES.index(side)]
        return max(self.background, law(at_s - applied_s, at_s - self.healed_s if treated else None))


def _facts(changed: tuple[str, ...], seconds: float, started_s: float) -> StepFacts:
    command = "kubectl scale deployment web --replicas=3" if changed else "kubectl get pods"
    return StepFacts(
        1, 30, "command", "change" if changed else "read", command, command, ran=True,
        programs=(" ".join(command.split()[:2]),), pipestatus=(0,), exit_status=0, stdout="web-0",
        changed=changed, started_s=started_s, seconds=seconds,
    )  # fmt: skip


@dataclass
class _Side:
    name: SideName
    world: SimulatedDrill

    @property
    def target(self) -> Target:
        return Target(self.name, None)  # type: ignore[arg-type]

    def up(self) -> None:
        self.world.live.add(self.name)

    def down(self) -> None:
        self.world.live.discard(self.name)


@dataclass
class _Fault:
    world: SimulatedDrill
    text: str = "f"

    def prepare(self, target: Target) -> Injection:
        def apply() -> None:
            self.world.applied_s[str(target.platform)] = self.world.now

        def revert() -> None:
            self.world.reverted_s[str(target.platform)] = self.world.now

        return Injection("revert f", apply, revert)


@dataclass(frozen=True)
class Experiment:
    """Whole drills of one incident. `most`/`least`: the threshold for the share that passes, in an experiment with one.

    `failed`: the share that fails is compared instead.
    """

    name: str
    incident: Incident
    changes: bool = True
    background: float = 0.0
    most: float | None = None
    least: float | None = None
    failed: bool = False


NOTHING, PLACEBO = "changes nothing", "changes without effect"


def experiments() -> Iterator[Experiment]:
    """Every self-healing incident with a response of looks, and with one that changes something; then remedies."""
    for name, incident in SELF_HEALING.items():
        yield Experiment(f"{name}: {NOTHING}", incident, changes=False, most=0.02)
    for name, incident in SELF_HEALING.items():
        yield Experiment(f"{name}: {PLACEBO}", incident, most=round(credited_share(CREDIT_ALPHA), 2))
    yield Experiment("a good runbook", remedied, least=0.98)
    yield Experiment("a good runbook, 0.25 % errors at θ = 1 %", remedied, background=0.0025, least=0.95)
    yield Experiment("a good runbook, 0.5 % errors at θ = 1 %", remedied, background=0.005, least=0.6)
    yield Experiment("a remedy that helps for 15 s", remedied_for(15), most=0.02)
    yield Experiment("a remedy that helps for 4 s", remedied_for(4), most=0.02)
    yield Experiment("a remedy that leaves 2θ: failed", left_at(0.02), least=0.95, failed=True)


@dataclass(frozen=True)
class Outcome:
    """Share of the drills that passed (or failed), their mean length in simulated s, and CPU time per drill in s."""

    share: float
    seconds: float
    cpu_s: float


def outcome_of(experiment: Experiment, runs: int, *, warm: bool, sequential: bool = False) -> Outcome:
    """Run the drills of an experiment; the seed depends on the experiment's incident and the number of the run."""
    began_s, results = time.process_time(), list[DrillResult]()
    for run in range(runs):
        rng = Random(f"{experiment.name} {run}")
        laws, changes = experiment.incident(rng), experiment.changes
        drill = SimulatedDrill(laws, rng, changes, warm, background=experiment.background)
        drill.observe_s = OBSERVE_S if sequential else None
        results.append(drill.run())
    wanted = Verdict.FAILED if experiment.failed else Verdict.PASSED
    return Outcome(
        sum(result.verdict is wanted for result in results) / runs,
        sum(phase.seconds for result in results for phase in result.phases) / runs,
        (time.process_time() - began_s) / runs,
    )


def measure_drills(runs: int, jobs: int, *, sequential: bool) -> Iterator[tuple[Experiment, str, Outcome]]:
    """Yield every experiment, cold and warm, in order; with a sequential control, or one beside the treatment."""
    cases = [(experiment, warm) for warm in (False, True) for experiment in experiments()]
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(_numbered, number, runs, warm, sequential) for number, warm in _numbers()]
        for (experiment, warm), future in zip(cases, futures, strict=True):
            yield experiment, "warm" if warm else "cold", future.result()


def _numbers() -> list[tuple[int, bool]]:
    count = sum(1 for _ in experiments())
    return [(number, warm) for warm in (False, True) for number in range(count)]


def _numbered(number: int, runs: int, warm: bool, sequential: bool) -> Outcome:
    return outcome_of(list(experiments())[number], runs, warm=warm, sequential=sequential)


def threshold_of(experiment: Experiment, how: str, outcome: Outcome, runs: int) -> Threshold:
    """The threshold of an experiment, with four standard errors of its share as tolerance."""
    share = experiment.most if experiment.most is not None else experiment.least or 0.0
    tolerance = 4 * math.sqrt(share * (1 - share) / runs)
    if experiment.most is not None:
        ok, text = outcome.share <= share + tolerance, f"at most {share:.0%}"
    else:
        ok, text = outcome.share >= share - tolerance, f"at least {share:.0%}"
    return Threshold(f"{how}: {experiment.name}: {text}", ok, f"{outcome.share:.1%}")

"""Whole drills of invented incidents: how often a response that restores nothing is credited, and a good one passes.

Each drill runs the product's own phases and judge on a simulated clock; only the load of both sides is invented. The
law of an incident is the same on both sides unless its name says otherwise.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random

from benchmarks.threshold import Threshold
from harness.drill import Drill
from harness.faults.base import Injection, Target
from harness.model import Verdict
from harness.record.events import (
    CONTROL,
    TREATMENT,
    DrillEvent,
    DrillStarted,
    LoadCounted,
    LoadSlice,
    SideName,
    StepExecuted,
)
from harness.record.header import SloPlan, SymptomPlan
from harness.record.steps import StepFacts
from harness.stats.inflation import ENOUGH_S
from harness.stats.sequential import SLICE_S
from harness.verdict.drill import drill_result
from harness.verdict.judge import Judge
from harness.verdict.result import DrillResult
from harness.verdict.state import CREDIT_ALPHA

RATE = 100
"""Arrivals per second on each side."""
BROKEN = 0.5
"""Fraction of arrivals that fail while the incident lasts."""
WARM_VIF = 1.3
SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)

Law = Callable[[float, float | None], float]
"""Fraction of failed arrivals at an age of the incident in s; the second argument: seconds since the remedy worked."""
Incident = Callable[[Random], tuple[Law, Law]]
"""Draws the laws of the treatment and of the control for one drill."""


def alike(draw: Callable[[Random], Law]) -> Incident:
    """Draw both sides independently from one law."""
    return lambda rng: (draw(rng), draw(rng))


def until(end_s: float) -> Law:
    """Broken until a fixed age."""
    return lambda age_s, _: BROKEN if age_s < end_s else 0.0


def ends_exponentially(mean_s: float) -> Incident:
    """Ends by itself at an exponential time."""
    return alike(lambda rng: until(rng.expovariate(1 / mean_s)))


def ends_normally(mean_s: float, sd_s: float) -> Incident:
    """Ends by itself at a normal time."""
    return alike(lambda rng: until(rng.gauss(mean_s, sd_s)))


def ends_later_on_the_control(mean_s: float, later_s: float) -> Incident:
    """Ends on one platform, and `later_s` afterwards on the control."""

    def draw(rng: Random) -> tuple[Law, Law]:
        end_s = rng.gauss(mean_s, 2.0)
        return until(end_s), until(end_s + later_s)

    return draw


def ends_together(mean_s: float) -> Incident:
    """Ends at the same time on both sides."""

    def draw(rng: Random) -> tuple[Law, Law]:
        end_s = rng.expovariate(1 / mean_s)
        return until(end_s), until(end_s)

    return draw


def periodic(good_s: float, bad_s: float, *, shifted: bool) -> Incident:
    """Alternates between good and bad spells of fixed lengths; `shifted`: the phases of the sides are independent."""

    def law(phase_s: float) -> Law:
        return lambda age_s, _: BROKEN if (age_s + phase_s) % (good_s + bad_s) < bad_s else 0.0

    def draw(rng: Random) -> tuple[Law, Law]:
        phase_s = rng.uniform(0, good_s + bad_s)
        return law(phase_s), law(rng.uniform(0, good_s + bad_s) if shifted else phase_s)

    return draw


def on_off(good_mean_s: float, bad_mean_s: float) -> Incident:
    """Alternates between good and bad spells of exponential lengths."""

    def draw(rng: Random) -> Law:
        ends, at_s, bad = list[float](), 0.0, True
        while at_s < 400:
            at_s += rng.expovariate(1 / (bad_mean_s if bad else good_mean_s))
            ends.append(at_s)
            bad = not bad
        return lambda age_s, _: 0.0 if sum(end <= age_s for end in ends) % 2 else BROKEN

    return alike(draw)


def drifts(mean_s: float) -> Incident:
    """The failed fraction falls slowly, by half in an exponential time."""
    return alike(lambda rng: _halving(rng.expovariate(1 / mean_s)))


def _halving(half_s: float) -> Law:
    return lambda age_s, _: BROKEN * 0.5 ** (age_s / half_s)


def remedied(rng: Random) -> tuple[Law, Law]:
    """A good runbook: the incident lasts until the remedy works."""
    return left_at(0.0)(rng)


def remedied_for(seconds: float) -> Incident:
    """The remedy helps for so long only."""

    def law(_: float, healed_s: float | None) -> float:
        return 0.0 if healed_s is not None and healed_s < seconds else BROKEN

    return lambda rng: (law, law)


def left_at(fraction: float) -> Incident:
    """The remedy leaves a fraction of the requests failing."""

    def law(_: float, healed_s: float | None) -> float:
        return BROKEN if healed_s is None else fraction

    return lambda rng: (law, law)


SELF_HEALING: Mapping[str, Incident] = {
    "exponential, mean 10 s": ends_exponentially(10),
    "exponential, mean 20 s": ends_exponentially(20),
    "exponential, mean 40 s": ends_exponentially(40),
    "15 ± 4 s": ends_normally(15, 4),
    "15 ± 2 s": ends_normally(15, 2),
    "2 s later on the control": ends_later_on_the_control(15, 2),
    "12 s later on the control": ends_later_on_the_control(15, 12),
    "both at once": ends_together(20),
    "flapping, means 10 and 3 s": on_off(10, 3),
    "flapping, means 4 and 4 s": on_off(4, 4),
    "sawtooth 11 s good, 3 s bad": periodic(11, 3, shifted=False),
    "the same, phases apart": periodic(11, 3, shifted=True),
    "period 12 s, half bad, apart": periodic(6, 6, shifted=True),
    "bursts of 1 s in 10 s": periodic(9, 1, shifted=True),
    "slow drift, half in 10 s": drifts(10),
    "slow drift, half in 30 s": drifts(30),
}
"""Incidents that a response has no effect on."""


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
    now: float = 1_000_000.0
    applied_s: dict[str, float] = field(default_factory=dict)
    healed_s: float = math.inf
    reverted_s: float = math.inf

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
        if not applied_s <= at_s < self.reverted_s:
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
            self.world.reverted_s = self.world.now

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


NOTHING, PLACEBO, REMEDY = "changes nothing", "changes without effect", "response"


def experiments() -> Iterator[Experiment]:
    """Every self-healing incident with a response of looks, and with one that changes something; then remedies."""
    for name, incident in SELF_HEALING.items():
        yield Experiment(f"{name}: {NOTHING}", incident, changes=False, most=0.02)
    for name, incident in SELF_HEALING.items():
        yield Experiment(f"{name}: {PLACEBO}", incident, most=CREDIT_ALPHA)
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


def outcome_of(experiment: Experiment, runs: int, *, warm: bool) -> Outcome:
    """Run the drills of an experiment; the seed depends on the experiment's incident and the number of the run."""
    began_s, results = time.process_time(), list[DrillResult]()
    for run in range(runs):
        rng = Random(f"{experiment.name} {run}")
        laws, changes = experiment.incident(rng), experiment.changes
        results.append(SimulatedDrill(laws, rng, changes, warm, background=experiment.background).run())
    wanted = Verdict.FAILED if experiment.failed else Verdict.PASSED
    return Outcome(
        sum(result.verdict is wanted for result in results) / runs,
        sum(phase.seconds for result in results for phase in result.phases) / runs,
        (time.process_time() - began_s) / runs,
    )


def measure_drills(runs: int, jobs: int) -> Iterator[tuple[Experiment, str, Outcome]]:
    """Yield every experiment, cold and warm, in order."""
    cases = [(experiment, warm) for warm in (False, True) for experiment in experiments()]
    with ProcessPoolExecutor(jobs) as pool:
        futures = [pool.submit(_numbered, number, runs, warm) for number, warm in _numbers()]
        for (experiment, warm), future in zip(cases, futures, strict=True):
            yield experiment, "warm" if warm else "cold", future.result()


def _numbers() -> list[tuple[int, bool]]:
    count = sum(1 for _ in experiments())
    return [(number, warm) for warm in (False, True) for number in range(count)]


def _numbered(number: int, runs: int, warm: bool) -> Outcome:
    return outcome_of(list(experiments())[number], runs, warm=warm)


def threshold_of(experiment: Experiment, how: str, outcome: Outcome, runs: int) -> Threshold:
    """The threshold of an experiment, with four standard errors of its share as tolerance."""
    share = experiment.most if experiment.most is not None else experiment.least or 0.0
    tolerance = 4 * math.sqrt(share * (1 - share) / runs)
    if experiment.most is not None:
        ok, text = outcome.share <= share + tolerance, f"at most {share:.0%}"
    else:
        ok, text = outcome.share >= share - tolerance, f"at least {share:.0%}"
    return Threshold(f"{how}: {experiment.name}: {text}", ok, f"{outcome.share:.1%}")

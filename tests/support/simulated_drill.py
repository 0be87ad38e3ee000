"""A simulated drill: the real phases and judge, with load events of an invented service on a simulated clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import cast

from harness.drill import Drill, Limits
from harness.faults.base import Injection, Target
from harness.gameday.judging import LiveJudges
from harness.record.event import CONTROL, TREATMENT, DrillEvent, SideName
from harness.record.events import (
    ControlPlanned,
    DocumentRead,
    DrillStarted,
    LoadCounted,
    LoadSlice,
    ProbeSampled,
    RequestsProbed,
    RunEnded,
    RunStarted,
    StepExecuted,
)
from harness.record.header import DashboardPlan, Procedure, SloPlan, SymptomPlan
from harness.record.incident import AlertAction, AlertHandled, ProcedureRow, ProceduresRead
from harness.record.journal import Journal, read_events
from harness.record.steps import StepFacts
from harness.stats.inflation import UNKNOWN, VifEstimate
from harness.stats.sequential import SLICE_S
from harness.verdict.gameday import GamedayResult, judge_record
from tests.support.figures import without_contradiction

SIDES: tuple[SideName, ...] = (TREATMENT, CONTROL)
START_S = 1_000_000.0


def ran(purpose: str, command: str, status: int = 0, changed: tuple[str, ...] = ()) -> StepFacts:
    """The facts of a kubectl command that was run on its own and exited with `status`."""
    return StepFacts(
        number=1,
        line=30,
        kind="command",
        purpose=purpose,
        text=command,
        bound=command,
        ran=True,
        programs=(" ".join(command.split()[:2]),),
        pipestatus=(status,),
        exit_status=status,
        changed=changed,
    )


def incident(side: str, since: float | None, healed: bool) -> float:
    """Return the fraction of failed requests: half of them from the fault on, none once the runbook has healed it."""
    return 0.0 if since is None or healed else 0.5


@dataclass
class World:
    """Runs one drill. `bad(side, seconds since the fault or None, healed)` returns the bad fraction of the arrivals."""

    folder: Path
    bad: Callable[[str, float | None, bool], float]
    symptoms: tuple[tuple[str, str | None], ...] = (("errors", "error_rate(gateway) > 5%"),)
    dashboards: tuple[DashboardPlan, ...] = ()
    steps: tuple[StepFacts, ...] = (
        ran("change", "kubectl scale deployment web --replicas=3", changed=("deployment/web replicas 1 -> 3",)),
    )
    more_slos: tuple[SloPlan, ...] = ()
    rate: int = 100
    title: str = "Web"
    runbook: str = "WEB"
    fault: str = "f"
    document: str | None = None
    """Text of the document that the record holds; None: it holds none, as the records of older versions."""
    procedures: tuple[Procedure, ...] = ()
    rows: tuple[ProcedureRow, ...] = ()
    """Of the alert and escalation procedures."""
    answers_alerts: bool = False
    """Whether the response acknowledges and investigates the alerts, and resolves or escalates them afterwards."""
    general: tuple[StepFacts, ...] = ()
    """The general commands, which an escalation executes."""
    heals: bool = True
    revert_error: Exception | None = None
    """Raised by each attempt to revert the fault."""
    control_revert_error: Exception | None = None
    """Raised by the attempt to revert it on the control."""
    silent_from: float | None = None
    known: VifEstimate = UNKNOWN
    """The VIF estimated from earlier runs."""
    over_ms: float | None = None
    """A threshold in ms that bad arrivals count as exceeding, as in the load stream's contract; None: no threshold."""
    late_from_response: int = 0
    """Arrivals per second that the generator starts late after the response has begun."""
    now: float = START_S
    fault_at: float | None = None
    reverted_at: float | None = None
    applied: dict[SideName, float] = field(default_factory=dict)
    """By side that has the fault, since when."""
    healed: bool = False
    healed_at: float | None = None
    executed: int = 0
    """Steps that were executed."""
    responded: bool = False
    responding_at: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    at: Callable[[float], None] = lambda now: None
    available: Callable[[str, float | None], Mapping[str, Sequence[bool]]] = lambda side, responding: {}
    """By Deployment, whether each pod answers its health check; from side and seconds since the response began."""
    requests: Callable[[str, float | None], Mapping[str, str]] = lambda side, responding: {}
    """By probe, why its request failed; from side and seconds since the response began."""
    faulted: tuple[str, ...] = ()
    """Deployments that the fault acts on."""
    sequential: ControlPlanned | None = None
    """The plan of a control that runs first; None: both sides run at once."""
    limits: Limits = field(default_factory=Limits)
    """Longest durations of the phases, and the shortest of the baseline."""
    response: Callable[[], None] | None = None
    """What is done in the response phase, in place of the steps."""
    on_apply: Callable[[], None] = lambda: None
    """Called just before the fault takes effect on a side."""

    def __post_init__(self) -> None:
        self.journal = Journal(self.folder / "record.jsonl", clock=lambda: self.now)
        self.judges = LiveJudges()
        self.journal.deliver_to(self.judges.put)
        self.live: set[SideName] = set()

    def run(self) -> GamedayResult:
        """Run the drill; the result is computed from the record's file alone."""
        self.journal.write(RunStarted(document="ops.md", drills=(self.runbook,), procedures=self.procedures))
        if self.document is not None:
            self.journal.write(DocumentRead(text=self.document))
        if self.rows:
            self.journal.write(ProceduresRead(rows=self.rows))
        self.journal.write(self._header())
        drill = Drill(
            sides=[_Side(name, self) for name in SIDES],
            faults=[_Fault(self)],
            judge=partial(self.judges.of, self.runbook),
            record=self.record,
            stop=self.stop,
            respond=self.response or self._respond,
            resolve=lambda: self._handle("resolved"),
            escalate=self._escalate if self.answers_alerts else None,
            limits=self.limits,
            sequential=self.sequential,
            clock=lambda: self.now,
            pause=self._pause,
        )
        drill.run()
        assert not self.live, "a side was left up"
        self.journal.write(RunEnded())
        self.journal.close()
        return without_contradiction(judge_record(list(read_events(self.journal.path))))

    def record(self, event: DrillEvent, *, sync: bool = False) -> None:
        self.journal.write(replace(event, drill=self.runbook), sync=sync)

    def _header(self) -> DrillStarted:
        objective = SloPlan("availability", "availability(gateway) >= 99%", 28 * 86400.0)
        return DrillStarted(
            drill=self.runbook,
            title=self.title,
            line=1,
            fault=self.fault,
            faulted=self.faulted,
            scenario="web",
            symptoms=tuple(SymptomPlan(10 + n, text, condition) for n, (text, condition) in enumerate(self.symptoms)),
            dashboards=self.dashboards,
            slos=(replace(objective, known_vif=self.known.vif, known_vif_s=self.known.seconds), *self.more_slos),
        )

    def _respond(self) -> None:
        self.responded, self.responding_at = True, self.now
        self._handle("acknowledged")
        self._handle("investigating")
        for facts in self.steps:
            started_s = self.now
            self.second()
            self.record(StepExecuted(facts=replace(facts, started_s=started_s, seconds=facts.seconds or 1.0)))
            self.executed += 1
            if self.heals and not self.healed:
                self.healed, self.healed_at = True, self.now

    def _escalate(self) -> None:
        self._handle("escalated", 2)
        for facts in self.general:
            self.second()
            self.record(StepExecuted(facts=replace(facts, started_s=self.now, kind="general")))
        self._handle("escalated", 3)

    def _handle(self, action: AlertAction, level: int = 1) -> None:
        with self.judges.of(self.runbook) as judge:
            raised = tuple(judge.state.alerts.raised)
        for alert in raised if self.answers_alerts else ():
            self.record(AlertHandled(alert=alert.alert, action=action, by="simulation", level=level))

    def _pause(self, _: float) -> None:
        self.at(self.now - START_S)
        self.second()

    def second(self) -> None:
        """Let one second pass; each side that is up reports the arrivals of the second before."""
        self.now += 1.0
        for side in (name for name in SIDES if name in self.live):
            if self.silent_from is None or self.now - START_S < self.silent_from:
                slices = tuple(self._slice(side, quarter) for quarter in range(4))
                self.record(LoadCounted(side=side, until_s=self.now, slices=slices))
            self._sample(side)

    def _sample(self, side: SideName) -> None:
        responding = None if self.responding_at is None else self.now - self.responding_at
        if found := self.available(side, responding):
            values = {
                f"health({name})": {f"{name}-{n}": float(not each) for n, each in enumerate(pods)}
                for name, pods in found.items()
            }
            self.record(ProbeSampled(side=side, values=values))
        if failures := self.requests(side, responding):
            self.record(RequestsProbed(side=side, failures=failures))

    def _slice(self, side: SideName, quarter: int) -> LoadSlice:
        since = self.now - self.applied[side] if side in self.applied else None
        bad = self._share(self.rate * self.bad(side, since, self.healed and side == TREATMENT), quarter)
        sent = self._share(self.rate, quarter)
        late = self._share(self.late_from_response, quarter) if self.responded else 0
        at_s = int(self.now) - 1 + quarter * SLICE_S
        over = {} if self.over_ms is None else {self.over_ms: bad}
        return LoadSlice("gateway", at_s, sent, sent - bad, {"http_503": bad}, over, late)

    @staticmethod
    def _share(count: float, quarter: int) -> int:
        """The count of one quarter of a second; the four quarters add up to `count`."""
        return round(count * (quarter + 1) / 4) - round(count * quarter / 4)


@dataclass
class _Side:
    name: SideName
    world: World

    @property
    def target(self) -> Target:
        return Target(self.name, None)  # type: ignore[arg-type]

    def up(self) -> None:
        self.world.live.add(self.name)

    def down(self) -> None:
        self.world.live.discard(self.name)


@dataclass
class _Fault:
    world: World
    text: str = "f"

    def prepare(self, target: Target) -> Injection:
        side = cast(SideName, target.platform)
        return Injection("revert f", lambda: self._apply(side), lambda: self._revert(side))

    def _apply(self, side: SideName) -> None:
        self.world.on_apply()
        self.world.fault_at = self.world.applied[side] = self.world.now

    def _revert(self, side: SideName) -> None:
        error = self.world.revert_error or (self.world.control_revert_error if side == CONTROL else None)
        if error:
            raise error
        self.world.applied.pop(side)
        if side == TREATMENT:
            self.world.reverted_at = self.world.now

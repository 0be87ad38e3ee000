"""One drill of a run: puts its platforms, load, faults, judge and responder together, and runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import psutil

from harness.bindings import FaultSpec, RunbookBinding
from harness.bindings.closed_load import understated
from harness.clock import now_s
from harness.drill import Drill, Limits
from harness.drill.alerts import AlertWatch
from harness.drill.base import Record
from harness.errors import StartError
from harness.faults.base import Fault
from harness.gameday.headers import Draw, drill_header
from harness.gameday.judging import LiveJudges
from harness.gameday.monitoring import monitor_of, with_environment
from harness.gameday.observation import control_plan
from harness.gameday.side import LiveSide
from harness.gameday.toggles import drift, overrides
from harness.history.vif import History
from harness.load.base import Load
from harness.measures.probe import Probe, family, near_names
from harness.observability.monitor import Systems
from harness.plan import DrillPlan, GamedayPlan
from harness.platforms.base import Overrides, Platform
from harness.record.event import CONTROL, TREATMENT, DrillEvent, SideName
from harness.record.events import (
    ControlPlanned,
    FindingNoted,
    ProcessStarted,
)
from harness.record.journal import Journal, JournalError
from harness.responders.base import Incident, Responder
from harness.runbook.alerting import priorities_of
from harness.steps.session import Pods, Session
from harness.verdict.alert_log import AlertLog
from harness.verdict.judge import Judge
from harness.verdict.now import SloNow, slos_now

HIDDEN_FOLDER = "hidden"
"""Folder of a drill whose runbook is hidden from the person who handles it."""


@dataclass(frozen=True)
class Members:
    """The members of each family that this run uses."""

    platform: str
    """Name of the platform, such as `local`."""
    make_platform: Callable[[Path, str, Overrides], Platform]
    containers: Callable[[Path], Collection[str]]
    """Ids of the containers that run the services of the platforms in a folder."""
    make_load: Callable[[DrillPlan, Platform, Path], Load]
    make_fault: Callable[[FaultSpec], Fault]
    responder: Responder
    limits: Limits
    draw: Draw
    hidden: bool = False
    """Whether no name of a file or folder may say which runbook is drilled."""
    opening: tuple[DrillEvent, ...] = ()
    """Further events with which the record of each drill begins."""
    monitoring: Systems | None = None
    """The monitoring systems of this run; None: none."""
    pod_environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of every pod of the shipped services, which say where their traces go."""


@dataclass(frozen=True)
class Gameday:
    """What the drills of one run share."""

    plan: GamedayPlan
    members: Members
    journal: Journal
    judges: LiveJudges
    out: Path
    stop: threading.Event
    history: History


def run_drill(gameday: Gameday, drill: DrillPlan) -> None:
    """Run one drill of a run, unless the run is stopped. Raises JournalError, and StartError as `Drill.run`."""
    if gameday.stop.is_set():
        return
    header = gameday.journal.write(drill_header(drill, gameday.plan, gameday.history, gameday.members.draw))
    if drill.binding is not None and drill.steps:
        try:
            record, earlier_s = _recorder(gameday, header.drill), gameday.history.needed_s(header.drill, header.fault)
            control = control_plan(drill, gameday.plan, earlier_s)
            _open(gameday.members, record)
            _Drilling(gameday, drill, drill.binding, record, header.first, control).run()
        except StartError:  # the services of the bindings start for no other drill either
            gameday.stop.set()
            raise


def _open(members: Members, record: Record) -> None:
    """Record who handles the incident, and what is known before it."""
    if chosen := members.responder.chosen():
        record(chosen)
    for event in members.opening:
        record(event)


def _recorder(gameday: Gameday, drill: str) -> Record:
    """Writes the events of one drill. When that fails, the run ends: nothing further could be judged."""

    def record(event: DrillEvent, *, sync: bool = False) -> None:
        try:
            gameday.journal.write(replace(event, drill=drill), sync=sync)
        except JournalError:
            gameday.stop.set()
            raise

    return record


@dataclass
class _Drilling:
    """One drill, put together from its parts."""

    gameday: Gameday
    drill: DrillPlan
    binding: RunbookBinding
    record: Record
    first: SideName
    """The side that comes up, and is broken, first."""
    control: ControlPlanned | None
    """The plan of a sequential control; None: it runs beside the treatment."""

    def __post_init__(self) -> None:
        name = HIDDEN_FOLDER if self.gameday.members.hidden else self.drill.runbook.id
        self._dir = self.gameday.out / "drills" / name
        second: SideName = CONTROL if self.first == TREATMENT else TREATMENT
        self._sides = {name: self._side(name) for name in (self.first, second)}
        self._session: Session | None = None
        priorities = priorities_of(self.gameday.plan.document)
        self._alerts = AlertWatch(self._judge, self.record, now_s, priorities)

    def run(self) -> None:
        members, specs = self.gameday.members, self.gameday.plan.bindings.faults[self.binding.fault]
        drill = Drill(
            sides=list(self._sides.values()),
            faults=[members.make_fault(spec) for spec in specs],
            judge=self._judge,
            record=self.record,
            stop=self.gameday.stop,
            respond=self._respond,
            resolve=lambda: members.responder.resolve(self._incident),
            escalate=lambda: members.responder.escalate(self._incident),
            general=self._general(),
            limits=members.limits,
            sequential=self.control,
            alerts=self._alerts,
        )
        try:
            drill.run()
        finally:
            if self._session:
                self._session.close()

    def _general(self) -> Callable[[], None] | None:
        """The first drill also executes the general commands, while its fault is active."""
        plan, responder = self.gameday.plan, self.gameday.members.responder
        first = plan.general and self.drill is plan.drills[0]
        return (lambda: responder.general(self._incident)) if first else None

    def _side(self, name: SideName) -> LiveSide:
        folder = self._dir / name
        folder.mkdir(parents=True, exist_ok=True)
        place: SideName = TREATMENT if self.control else name  # one platform: each side has it in its turn
        members = self.gameday.members
        variables = with_environment(overrides(self.drill, self.gameday.plan), members.pod_environment)
        platform = members.make_platform(folder / "platform", place, variables)

        def make_load(up: Platform) -> Load:
            if name == TREATMENT:
                closed = [understated(self.binding.users)] if self.binding.users else []
                for text in (*closed, *drift(self.drill, self.gameday.plan, up.deployed())):
                    self.record(FindingNoted(text=text))
            return members.make_load(self.drill, up, folder)

        requests = self.gameday.plan.bindings.probes
        monitor = monitor_of(members.monitoring, folder, name, self.drill, self.record, self._judge)
        return LiveSide(name, platform, make_load, list(self._probes()), requests, self.record, monitor)

    def _probes(self) -> Iterator[Probe]:
        """What the sampler reads, each once: the probes of the conditions and the metrics of the dashboards."""
        boards = [board for board in self.drill.runbook.dashboards if board.system.casefold() == "prometheus"]
        probes = [probe for condition in self.drill.conditions for probe in condition.measure.probes]
        names = [name for board in boards for name in (board.name, *near_names(board.name))]
        yield from dict.fromkeys([*probes, *map(family, names)])

    def _judge(self) -> AbstractContextManager[Judge]:
        return self.gameday.judges.of(self.drill.runbook.id)

    def _respond(self) -> None:
        """Let the responder handle the incident; alerts go on meanwhile."""
        with self._alerts.polling():
            self.gameday.members.responder.respond(self._incident)

    @cached_property
    def _incident(self) -> Incident:
        """What the responder works on; made when the treatment is up."""
        plan = self.gameday.plan
        return Incident(
            runbook=self.drill.runbook,
            document=plan.document,
            steps=self.drill.steps,
            general=plan.general,
            platform=self._sides[TREATMENT].platform,
            session=self._new_session(),
            record=self.record,
            alert_log=self._alert_log,
            slos=self._slos,
            stop=self.gameday.stop,
        )

    def _new_session(self) -> Session:
        platform, gameday = self._sides[TREATMENT].platform, self.gameday
        self._session = Session(
            platform.shell(),
            self._dir / "steps",
            run_dir=gameday.out,
            pods=Pods(platform.namespace, gameday.plan.bindings.programs),
            destinations=platform.destinations,
            started=self._shell_began,
        )
        return self._session

    def _alert_log(self) -> AlertLog:
        with self._judge() as judge:
            return judge.state.alerts.copy()

    def _slos(self) -> tuple[SloNow, ...]:
        with self._judge() as judge:
            return slos_now(judge.state)

    def _shell_began(self, pgid: int) -> None:
        started = psutil.Process(pgid).create_time()
        self.record(ProcessStarted(side=TREATMENT, name="shell", pid=pgid, pgid=pgid, started_s=started), sync=True)

"""Runs the drills of a plan, several at a time if wanted, each on platforms of its own, and records their events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
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
from harness.gameday.admission import Admission
from harness.gameday.headers import Draw, drill_header, procedures_header, run_header
from harness.gameday.judging import LiveJudges
from harness.gameday.monitoring import monitor_of, with_environment
from harness.gameday.observation import control_plan
from harness.gameday.room import RoomMeter
from harness.gameday.side import LiveSide
from harness.gameday.toggles import drift, overrides
from harness.history.vif import History, history_beside
from harness.load.base import Load
from harness.machine.environment import environment
from harness.machine.reference import Reference
from harness.measures.probe import Probe, family, near_names
from harness.observability.monitor import Systems
from harness.plan import DrillPlan, GamedayPlan, Start
from harness.platforms.base import Overrides, Platform
from harness.record.event import CONTROL, TREATMENT, DrillEvent, SideName
from harness.record.events import (
    ControlPlanned,
    DocumentRead,
    EnvironmentFound,
    FindingNoted,
    ProcessStarted,
    RunEnded,
    StartName,
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
WAKE_S = 0.5
WAKES_PER_SAMPLE = 4
"""Every two seconds: a sample takes a few milliseconds of processor time."""
WAKES_PER_REFERENCE = 2
"""Once a second: a sample takes two milliseconds."""


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


def run_gameday(
    plan: GamedayPlan,
    members: Members,
    journal: Journal,
    judges: LiveJudges,
    out: Path,
    admission: Admission,
    stop: threading.Event,
) -> None:
    """Run every drill; return when all have ended and all platforms are down. `judges` reads `journal`."""
    journal.write(run_header(plan, members.platform, admission.most))
    journal.write(DocumentRead(text=plan.document.text))
    if procedures := procedures_header(plan.document):
        journal.write(procedures)
    journal.write(_environment(plan, members))
    gameday = _Gameday(plan, members, journal, judges, out, stop, history_beside(out, members.platform))
    with ThreadPoolExecutor(admission.most, thread_name_prefix="drill") as pool, closing(Reference()) as reference:
        futures = _start_all(gameday, admission, pool, reference)
    for future in futures:
        future.result()
    journal.write(RunEnded())


def _environment(plan: GamedayPlan, members: Members) -> EnvironmentFound:
    start: StartName = "documented" if plan.start is Start.DOCUMENTED else "deployed"
    return replace(environment(Path.cwd()), start=start, steady_s=members.limits.steady_s)


def _start_all(gameday: _Gameday, admission: Admission, pool: Executor, reference: Reference) -> list[Future[None]]:
    """Start each drill as soon as it is admitted, and measure the machine, until all have ended."""
    waiting, futures = deque(gameday.plan.drills), dict[Future[None], str]()
    meter = RoomMeter(gameday.journal.write, partial(gameday.members.containers, gameday.out))
    running, most, room, ticks = set[Future[None]](), 0, None, 0
    while (waiting and not gameday.stop.is_set()) or running:
        while waiting and not gameday.stop.is_set() and admission.admits(len(running), room, most):
            drill, room = waiting.popleft(), None
            running.add(future := pool.submit(_run_drill, gameday, drill))
            futures[future], most = drill.runbook.id, max(most, len(running))
        running = wait(running, WAKE_S, FIRST_COMPLETED).not_done  # a signal's handler runs here, only while awake
        ticks += 1
        if ticks % WAKES_PER_SAMPLE == 0:
            room = meter.measure(loaded=all(gameday.judges.under_load(futures[each]) for each in running))
        if ticks % WAKES_PER_REFERENCE == 0:
            gameday.journal.write(reference.sample())
    return list(futures)


@dataclass(frozen=True)
class _Gameday:
    """What the drills of one run share."""

    plan: GamedayPlan
    members: Members
    journal: Journal
    judges: LiveJudges
    out: Path
    stop: threading.Event
    history: History


def _run_drill(gameday: _Gameday, drill: DrillPlan) -> None:
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


def _recorder(gameday: _Gameday, drill: str) -> Record:
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

    gameday: _Gameday
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
            return self.gameday.members.make_load(self.drill, up, folder)

        requests = self.gameday.plan.bindings.probes
        judge = partial(self.gameday.judges.of, self.drill.runbook.id)
        monitor = monitor_of(self.gameday.members.monitoring, folder, name, self.drill, self.record, judge)
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

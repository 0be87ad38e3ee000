"""Runs the drills of a plan, side by side as far as asked, each on platforms of its own; it leaves the record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from harness.bindings import FaultSpec, RunbookBinding
from harness.drill import Drill, Limits
from harness.drill.run import Tell
from harness.faults.base import Fault
from harness.gameday.side import LiveSide
from harness.history.vif import History, history_beside
from harness.load.base import Load
from harness.measures.probe import Probe, family
from harness.model import Toggle
from harness.plan import DrillPlan, GamedayPlan
from harness.platforms.base import Overrides, Platform
from harness.record.journal import Journal, JournalError
from harness.responders.base import Responder
from harness.slo import Slo
from harness.steps.session import Session
from harness.steps.step import Step
from harness.verdict.judge import Judge
from harness.verdict.state import CONTROL, TREATMENT
from harness.verdict.steps import StepFacts

AWAKE_S = 0.5


@dataclass(frozen=True)
class Members:
    """The members that the command line chose."""

    platform: str
    """Of which kind the platforms are."""
    make_platform: Callable[[Path, str, Overrides], Platform]
    make_load: Callable[[DrillPlan, Platform, Path], Load]
    make_fault: Callable[[FaultSpec], Fault]
    responder: Responder
    limits: Limits


def run_gameday(
    plan: GamedayPlan, members: Members, journal: Journal, out: Path, jobs: int, stop: threading.Event
) -> None:
    """Run every drill; returns when all have ended and all platforms are down."""
    journal.write("gameday", _header(plan, members.platform, jobs))
    gameday = _Gameday(plan, members, journal, out, stop, history_beside(out, members.platform))
    with ThreadPoolExecutor(jobs, thread_name_prefix="drill") as pool:
        futures = [pool.submit(_run_drill, gameday, drill) for drill in plan.drills]
        psutil.cpu_percent()  # what it says next is about the time since now
        while wait(
            futures, timeout=AWAKE_S
        ).not_done:  # signals' handlers run in this thread, and only while it is awake
            journal.write("host", {"busy": round(psutil.cpu_percent() / 100, 3)})
    for future in futures:
        future.result()
    journal.write("end")


def _header(plan: GamedayPlan, platform: str, jobs: int) -> dict[str, object]:
    document = plan.document
    procedures = {"alert": document.alerts, "escalation": document.escalation, "post-incident": document.post_incident}
    return {
        "document": document.path,
        "bindings": str(plan.bindings.path),
        "platform": platform,
        "drills": [drill.runbook.id for drill in plan.drills],
        "findings": list(plan.findings),
        "procedures": [
            {"kind": kind, "line": part.line, "text": part.text} for kind, parts in procedures.items() for part in parts
        ],
        "jobs": jobs,
    }


@dataclass(frozen=True)
class _Gameday:
    """What all drills of one run share."""

    plan: GamedayPlan
    members: Members
    journal: Journal
    out: Path
    stop: threading.Event
    history: History


def _run_drill(gameday: _Gameday, drill: DrillPlan) -> None:
    if gameday.stop.is_set():
        return
    name, journal = drill.runbook.id, gameday.journal
    judge = Judge(journal.write("drill", {"drill": name, **_drill_header(drill, gameday.plan, gameday.history)}))
    if drill.binding is None or not drill.steps:
        return
    forget = journal.listen(lambda event: judge.add(event) if event.get("drill", name) == name else None)
    try:
        _Drilling(gameday, drill, drill.binding, judge, _teller(gameday, name)).run()
    finally:
        forget()


def _teller(gameday: _Gameday, name: str) -> Tell:
    def tell(ev: str, *, sync: bool = False, **fields: object) -> None:
        try:
            gameday.journal.write(ev, {"drill": name, **fields}, sync=sync)
        except JournalError:
            gameday.stop.set()  # nothing that happens from now on can be judged: whoever told it, everything ends
            raise

    return tell


def _drill_header(drill: DrillPlan, plan: GamedayPlan, history: History) -> dict[str, object]:
    runbook, binding = drill.runbook, drill.binding
    faults = plan.bindings.faults[binding.fault] if binding else ()
    slos = binding.slos if binding else {}
    unbound = f"{plan.bindings.path.name} does not say how this incident is made: add runbooks.{runbook.id}"
    return {
        "runbook": runbook.id,
        "title": runbook.title,
        "line": runbook.line,
        "fault": f"{binding.fault} ({'; '.join(fault.text for fault in faults)})" if binding else "",
        "scenario": binding.scenario if binding else "",
        "rate": binding.rate if binding else None,
        "empty": not drill.steps,
        "unbound": "" if binding else unbound,
        "symptoms": [
            {"line": symptom.line, "text": symptom.text, "condition": condition.text if condition else None}
            for symptom, condition in drill.symptoms
        ],
        "slos": [_slo_header(slo, binding, history) for slo in slos.values() if binding],
        "unread": [{"line": unread.line, "why": unread.why} for unread in drill.unread],
        "dashboards": [
            {"line": board.line, "text": board.text, "system": board.system, "name": board.name}
            for board in runbook.dashboards
        ],
    }


def _slo_header(slo: Slo, binding: RunbookBinding, history: History) -> dict[str, object]:
    """What a record needs so that it can be judged from itself alone."""
    known = history.known(binding.scenario, binding.rate, slo.condition.text)
    return {
        "name": slo.name,
        "objective": slo.condition.text,
        "alpha": slo.alpha,
        "vif_floor": slo.vif_floor,
        "window_s": slo.window_s,
        "target": slo.target,
        "known": asdict(known),
    }


@dataclass
class _Drilling:
    """One drill put together from its parts."""

    gameday: _Gameday
    drill: DrillPlan
    binding: RunbookBinding
    judge: Judge
    tell: Tell

    def __post_init__(self) -> None:
        self._dir = self.gameday.out / "drills" / self.drill.runbook.id
        self._sides = {name: self._side(name) for name in (TREATMENT, CONTROL)}
        self._session: Session | None = None

    def run(self) -> None:
        members, specs = self.gameday.members, self.gameday.plan.bindings.faults[self.binding.fault]
        drill = Drill(
            sides=list(self._sides.values()),
            faults=[members.make_fault(spec) for spec in specs],
            judge=self.judge,
            tell=self.tell,
            stop=self.gameday.stop,
            respond=lambda: self._respond(self.drill.steps),
            general=self._general(),
            limits=members.limits,
        )
        try:
            drill.run()
        finally:
            if self._session:
                self._session.close()

    def _general(self) -> Callable[[], None] | None:
        """The first drill of a gameday also goes through the general part, while its incident is still on."""
        plan = self.gameday.plan
        return (lambda: self._respond(plan.general)) if plan.general and self.drill is plan.drills[0] else None

    def _side(self, name: str) -> LiveSide:
        folder = self._dir / name
        folder.mkdir(parents=True, exist_ok=True)
        platform = self.gameday.members.make_platform(folder / "platform", name, self._overrides())

        def make_load(up: Platform) -> Load:
            if name == TREATMENT:
                self._note_drift(up)
            return self.gameday.members.make_load(self.drill, up, folder)

        return LiveSide(name, platform, make_load, list(self._probes()), self.tell)

    def _toggles(self) -> Iterator[tuple[str, Toggle]]:
        """Every toggle of the runbook with the Deployment that it is set on, where the bindings name one."""
        deployments = self.gameday.plan.bindings.toggles
        for toggle in self.drill.runbook.toggles:
            if toggle.name in deployments:
                yield deployments[toggle.name], toggle

    def _overrides(self) -> dict[str, dict[str, str]]:
        """Every toggle at the value that the runbook documents as the starting one."""
        found: dict[str, dict[str, str]] = {}
        for deployment, toggle in self._toggles():
            if toggle.old is not None:
                found.setdefault(deployment, {})[toggle.name] = toggle.old
        return found

    def _note_drift(self, platform: Platform) -> None:
        deployed = platform.deployed()
        for deployment, toggle in self._toggles():
            value = deployed.get(deployment, {}).get(toggle.name)
            if toggle.old is not None and value != toggle.old:
                fact = f"{toggle.name} is deployed as {value} on {deployment}, the runbook says {toggle.old}"
                self.tell("finding", text=f"line {toggle.line}: drift: {fact}")

    def _probes(self) -> Iterator[Probe]:
        """What the sampler reads, each once: the conditions' probes and the dashboards' metrics."""
        boards = [board for board in self.drill.runbook.dashboards if board.system.casefold() == "prometheus"]
        probes = [probe for condition in self.drill.conditions for probe in condition.measure.probes]
        yield from dict.fromkeys([*probes, *(family(board.name) for board in boards)])

    def _respond(self, steps: Sequence[Step]) -> None:
        platform, gameday = self._sides[TREATMENT].platform, self.gameday
        if self._session is None:
            self._session = Session(
                platform.shell(), self._dir / "steps", run_dir=gameday.out, started=self._shell_began
            )
        gameday.members.responder.respond(steps, platform, self._session, self._told, gameday.stop)

    def _shell_began(self, pgid: int) -> None:
        started = psutil.Process(pgid).create_time()
        self.tell("process", sync=True, side=TREATMENT, what="shell", pid=pgid, pgid=pgid, started=started)

    def _told(self, facts: StepFacts) -> None:
        self.tell("step", facts=facts.to_json())

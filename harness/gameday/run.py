"""Runs the drills of a plan, side by side as far as asked, each on platforms of its own; all it leaves is the record."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from harness.bindings import FaultSpec
from harness.conditions.grammar import Measure
from harness.drill import Drill, Limits
from harness.drill.run import Tell
from harness.faults.base import Fault
from harness.gameday.plan import DrillPlan, GamedayPlan
from harness.gameday.side import LiveSide
from harness.journal import Journal
from harness.load.base import Load
from harness.model import Toggle
from harness.platforms.base import Platform
from harness.probes.sampler import family
from harness.responders.base import Responder
from harness.steps.plan import Step
from harness.steps.session import Session
from harness.verdict.judge import MAIN, TWIN, Judge
from harness.verdict.steps import StepFacts

Overrides = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Members:
    """The members that the command line chose."""

    make_platform: Callable[[Path, Overrides], Platform]
    make_load: Callable[[DrillPlan, Platform, Path], Load]
    make_fault: Callable[[FaultSpec], Fault]
    responder: Responder
    limits: Limits


def run_gameday(plan: GamedayPlan, members: Members, journal: Journal, out: Path, jobs: int, stop: threading.Event) -> None:
    """Run every drill; returns when all have ended and all platforms are down."""
    journal.write("gameday", _header(plan, jobs))
    with ThreadPoolExecutor(jobs, thread_name_prefix="drill") as pool:
        futures = [
            pool.submit(_run_drill, drill, plan, members, journal, out, stop, number == 0) for number, drill in enumerate(plan.drills)
        ]
        for future in futures:
            future.result()
    journal.write("end")


def _header(plan: GamedayPlan, jobs: int) -> dict[str, object]:
    document = plan.document
    groups = (("alert", document.alerts), ("escalation", document.escalation), ("post-incident", document.post_incident))
    procedures = [{"kind": kind, "line": part.line, "text": part.text} for kind, parts in groups for part in parts]
    return {
        "document": document.path, "bindings": str(plan.bindings.path), "drills": [drill.runbook.id for drill in plan.drills],
        "findings": list(plan.findings), "procedures": procedures, "jobs": jobs,
    }  # fmt: skip


def _run_drill(
    drill: DrillPlan, plan: GamedayPlan, members: Members, journal: Journal, out: Path, stop: threading.Event, first: bool
) -> None:
    """The first drill of a gameday also goes through the general part, while its incident is still on."""
    if stop.is_set():
        return
    name = drill.runbook.id
    tell = _teller(journal, name)
    judge = Judge(journal.write("drill", {"drill": name, **_drill_header(drill, plan)}))
    if drill.binding is None or not drill.steps:
        return
    forget = journal.listen(lambda event: judge.add(event) if event.get("drill") == name else None)
    try:
        _Drilling(drill, plan, members, tell, judge, out, stop, plan.general if first else ()).run()
    finally:
        forget()


def _teller(journal: Journal, name: str) -> Tell:
    def tell(ev: str, *, sync: bool = False, **fields: object) -> None:
        journal.write(ev, {"drill": name, **fields}, sync=sync)

    return tell


def _drill_header(drill: DrillPlan, plan: GamedayPlan) -> dict[str, object]:
    runbook, binding = drill.runbook, drill.binding
    faults = plan.bindings.faults[binding.fault] if binding else ()
    return {
        "runbook": runbook.id, "title": runbook.title, "line": runbook.line,
        "fault": f"{binding.fault} ({'; '.join(_fault_text(fault) for fault in faults)})" if binding else "",
        "empty": not drill.steps,
        "unbound": "" if binding else f"{plan.bindings.path.name} does not say how this incident is made: add runbooks.{runbook.id}",
        "symptoms": [{"line": symptom.line, "text": symptom.text, "condition": condition.text if condition else None}
                     for symptom, condition in drill.symptoms],
        "slos": [{"name": name, "objective": condition.text} for name, condition in (binding.slos if binding else {}).items()],
        "unread": [{"line": unread.line, "why": unread.why} for unread in drill.unread],
        "dashboards": [{"line": board.line, "text": board.text, "system": board.system, "name": board.name} for board in runbook.dashboards],
    }  # fmt: skip


def _fault_text(fault: FaultSpec) -> str:
    return " ".join([f"{fault.at}: {fault.fault}", *(f"{key}={value}" for key, value in fault.parameters.items())])


class _Drilling:
    """One drill put together from its parts."""

    def __init__(
        self, drill: DrillPlan, plan: GamedayPlan, members: Members, tell: Tell, judge: Judge, out: Path, stop: threading.Event,
        general: Sequence[Step],
    ) -> None:  # fmt: skip
        self._drill, self._plan, self._members, self._tell, self._judge = drill, plan, members, tell, judge
        self._general, self._stop = general, stop
        self._out, self._dir = out, out / "drills" / drill.runbook.id
        self._sides = {name: self._side(name) for name in (MAIN, TWIN)}
        self._session: Session | None = None

    def run(self) -> None:
        binding = self._drill.binding
        assert binding is not None
        faults = [self._members.make_fault(spec) for spec in self._plan.bindings.faults[binding.fault]]
        drill = Drill(
            list(self._sides.values()), faults, self._judge, self._tell, self._stop, respond=lambda: self._respond(self._drill.steps),
            general=(lambda: self._respond(self._general)) if self._general else None, limits=self._members.limits,
        )  # fmt: skip
        try:
            drill.run()
        finally:
            if self._session:
                self._session.close()

    def _side(self, name: str) -> LiveSide:
        folder = self._dir / name
        folder.mkdir(parents=True, exist_ok=True)
        platform = self._members.make_platform(folder / "platform", self._overrides())

        def make_load(up: Platform) -> Load:
            if name == MAIN:
                self._note_drift(up)
            return self._members.make_load(self._drill, up, folder)

        return LiveSide(name, platform, make_load, list(self._measures()), self._tell)

    def _toggles(self) -> Iterator[tuple[str, Toggle]]:
        """Every toggle of the runbook with the Deployment that it is set on, where the bindings name one."""
        for toggle in self._drill.runbook.toggles:
            if toggle.name in self._plan.bindings.toggles:
                yield self._plan.bindings.toggles[toggle.name], toggle

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
                text = f"line {toggle.line}: drift: {toggle.name} is deployed as {value} on {deployment}, the runbook says {toggle.old}"
                self._tell("finding", text=text)

    def _measures(self) -> Iterator[Measure]:
        binding = self._drill.binding
        assert binding is not None
        conditions = [*binding.slos.values(), *(condition for _, condition in self._drill.symptoms if condition)]
        boards = [family(board.name) for board in self._drill.runbook.dashboards if board.system.casefold() == "prometheus"]
        yield from dict.fromkeys([condition.measure for condition in conditions if not condition.measure.is_load] + boards)

    def _respond(self, steps: Sequence[Step]) -> None:
        platform = self._sides[MAIN].platform
        if self._session is None:
            self._session = Session(platform.shell(), self._dir / "steps", run_dir=self._out, started=self._shell_began)
        self._members.responder.respond(steps, platform, self._session, self._told, self._stop)

    def _shell_began(self, pgid: int) -> None:
        started = psutil.Process(pgid).create_time()
        self._tell("process", sync=True, side=MAIN, what="shell", pid=pgid, pgid=pgid, started=started)

    def _told(self, facts: StepFacts) -> None:
        self._tell("step", facts=facts.to_json())


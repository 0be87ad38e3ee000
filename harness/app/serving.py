"""Use case `ui`: drills by hand, beside locust's web UI."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.app.by_hand import HandControls, Sitting
from harness.app.handling import Handling
from harness.app.load import make_locust_load
from harness.app.page import DEFAULT_HOST, DEFAULT_PORT, Page, PageRequest, open_page
from harness.app.planning import PlanRequest, read_plan
from harness.app.platforms import PlatformChoice
from harness.app.running import Notify, RunRequest, RunResult, run_plan
from harness.bindings import FaultSpec
from harness.errors import BindingError, Interrupted
from harness.faults.base import Fault
from harness.gameday.drilling import Members
from harness.listeners.web.feed import Feed
from harness.listeners.web.messages import Messages
from harness.listeners.web.runbook import shown_plan
from harness.listeners.web.server import listen
from harness.load.base import Load
from harness.load.locust_ui import LocustPage
from harness.load.scenario import scenario_of
from harness.plan import DrillPlan, GamedayPlan, check
from harness.platforms.base import Platform
from harness.record.event import TREATMENT
from harness.responders.desk_socket import desk_socket
from harness.responders.person import PersonResponder
from harness.responders.sections import sections_of

CHECK_S = 0.1
LOCUST_PORT = 8089


@dataclass(frozen=True)
class UiRequest:
    """What is drilled by hand, and where the two pages listen."""

    plan: PlanRequest
    platform: PlatformChoice = field(default_factory=PlatformChoice)
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    locust_port: int = LOCUST_PORT
    workers: int = 2
    autostart: bool = False
    """Whether the load begins by itself."""
    master_port: int = 0
    """Where workers of other machines join locust; 0: none can."""
    notify: tuple[str, ...] = ()
    """The systems to notify of alerts, each as FORMAT=URL."""


def ui(request: UiRequest, *, notify: Notify = lambda line: None, stop: threading.Event | None = None) -> RunResult:
    """Drill by hand, one drill after the other, until the person quits or `stop` is set; return the last result.

    Everything is reverted and ended then. Raises Interrupted if there was no verdict, and what `run` raises.
    """
    plan, stop = read_plan(request.plan), stop or threading.Event()
    check(plan)
    drills = _drills(plan)
    sitting = Sitting(stop, tuple(each.runbook.id for each in drills), drills[0].runbook.id)
    locust_port = _free(request.host, request.locust_port)
    with open_page(PageRequest(request.host, request.port, "--port"), locust_port) as page:
        locust = LocustPage(
            request.host, locust_port, page.access.place, page.access.sent_cookie,
            request.workers, request.autostart, request.master_port,
        )  # fmt: skip
        notify(f"open {page.url}")
        return _Drills(request, plan, sitting, page, locust, notify).run()


def _free(host: str, port: int) -> int:
    """The port, or any free one for 0. Raises MachineError when something listens there already."""
    with listen(host, port, "--locust-port") as bound:
        return int(bound.getsockname()[1])


def _drills(plan: GamedayPlan) -> list[DrillPlan]:
    """The drills that can be run by hand. Raises BindingError when there is none."""
    bound = [drill for drill in plan.drills if drill.binding is not None and drill.steps]
    if not bound:
        raise BindingError(
            f"{plan.bindings.path}: no runbook of {plan.document.path} is bound; `gameday check` says what is missing"
        )
    beside = plan.bindings.path.parent
    usable = [drill for drill in bound if drill.binding and not scenario_of(drill.binding, beside).locustfile]
    if not usable:
        raise BindingError(
            f"{plan.bindings.path}: the load of {bound[0].runbook.id} is a plain locustfile, which cannot be shared by"
            " workers; use `gameday run --web`, or a load under `loads`"
        )
    return usable


@dataclass
class _Drills:
    """One drill by hand after the other."""

    request: UiRequest
    plan: GamedayPlan
    sitting: Sitting
    page: Page
    locust: LocustPage
    notify: Notify

    def run(self) -> RunResult:
        """Drill until the person quits. Raises Interrupted if there was no verdict."""
        result: RunResult | None = None
        while not self.sitting.quit.is_set():
            result = self._drill() or result
        if result is None:
            raise Interrupted("interrupted before a verdict; everything was reverted and ended")
        return result

    def _drill(self) -> RunResult | None:
        """Run the wanted drill, and wait until another one is wanted; None if it was ended before it began."""
        drill = next(each for each in self.plan.drills if each.runbook.id == self.sitting.wanted)
        ordered = replace(self.plan, drills=(drill, *(each for each in self.plan.drills if each is not drill)))
        feed = self.page.show({**shown_plan(ordered, self.sitting.drills), "by_hand": True})
        self.page.controls = controls = HandControls(feed, self.sitting, self.locust.port)
        try:
            result = self._run(drill, controls, feed)
            controls.end()
            while not (self.sitting.quit.wait(CHECK_S) or controls.again.is_set()):
                pass
            return result
        finally:
            controls.close()

    def _run(self, drill: DrillPlan, controls: HandControls, feed: Feed) -> RunResult | None:
        """Run one drill; None if another one was wanted before it began. Raises Interrupted if the person quit then."""
        responder = PersonResponder((controls.front, desk_socket), sections_of(self.plan))
        handling = Handling(responder, responder.budget_s)
        plan = replace(handling.lengthened(self.plan), drills=(drill,), general=())
        request = RunRequest(self.request.plan, self.request.platform, jobs=1, notify=self.request.notify)
        with _stopped_by(self.sitting.quit, controls.stop):
            try:
                return run_plan(
                    plan, request, handling, notify=self.notify, stop=controls.stop,
                    listeners=[lambda judge: Messages(judge, feed, final=False)],
                    adapt=_Parts(controls, self.locust).adapt,
                )  # fmt: skip
            except Interrupted:
                if not controls.again.is_set():
                    raise
                return None


@contextmanager
def _stopped_by(quit_: threading.Event, stop: threading.Event) -> Iterator[None]:
    """Set `stop` when `quit_` is set, until the end of the `with`."""
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            if quit_.wait(CHECK_S):
                stop.set()
                return

    watcher = threading.Thread(target=watch, name="quit", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


@dataclass(frozen=True)
class _Parts:
    """The parts of a drill by hand."""

    controls: HandControls
    locust: LocustPage

    def adapt(self, plan: GamedayPlan, members: Members) -> Members:
        """The members of a run with faults and a load that a person directs."""

        def load(drill: DrillPlan, platform: Platform, folder: Path) -> Load:
            if folder.name != TREATMENT:
                return members.make_load(drill, platform, folder)
            beside = plan.bindings.path.parent
            return make_locust_load(drill, platform, folder, beside, self.locust, self.controls)

        def fault(spec: FaultSpec) -> Fault:
            return self.controls.gate.held(members.make_fault(spec))

        return replace(members, make_load=load, make_fault=fault)

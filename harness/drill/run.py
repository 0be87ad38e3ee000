"""Runs the phases of a drill in order, on interfaces only: it knows no platform, fault or runbook and does no I/O.

A phase ends on evidence (the judge's decision) or at its limit. In any case the faults are reverted and both sides are
taken down. The outcome is in the journal alone.
"""

from __future__ import annotations

import math
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field

from harness.clock import now_s
from harness.drill.alerts import AlertWatch
from harness.drill.base import Limits, Record, Side
from harness.drill.watch import FaultWatch
from harness.errors import GamedayError, Interrupted, PlatformError, StartError
from harness.faults.base import Fault, Injection
from harness.record.event import CONTROL, TREATMENT, SideName
from harness.record.events import (
    ControlPlanned,
    Crashed,
    DrillEnded,
    DrillInterrupted,
    FaultApplied,
    FaultReverted,
    PhaseEnded,
    PhaseExtended,
    PhaseName,
    PhaseStarted,
    RevertArmed,
)
from harness.record.journal import JournalError
from harness.verdict.judge import Judge
from harness.verdict.progress import decided_s

POLL_S = 0.05
PREPARE_POLL_S = 0.2
EXTENSION_FACTOR = 1.5
"""An estimate of the time to a decision is uncertain, so a phase gets so many times as much."""
SILENCE_S = 15.0
"""A load generator reports counts four times a second; after this long without any it counts as lost."""


@dataclass
class Drill:
    """One runbook and one fault, run once. `respond` executes the runbook, `general` the document's general commands.

    `resolve` follows up on a recovery. `escalate` follows up on one that did not come, instead of `general`.

    `sequential`: there is one platform only, on which the control runs first; None: both sides run at once.

    `judge` gives the drill's judge with every recorded event, for as long as its `with` lasts. `clock` returns seconds
    since the epoch; `pause` waits some seconds (default: until `stop` is set).
    """

    sides: Sequence[Side]
    faults: Sequence[Fault]
    judge: Callable[[], AbstractContextManager[Judge]]
    record: Record
    stop: threading.Event
    respond: Callable[[], None]
    resolve: Callable[[], None] = lambda: None
    escalate: Callable[[], None] | None = None
    general: Callable[[], None] | None = None
    limits: Limits = field(default_factory=Limits)
    sequential: ControlPlanned | None = None
    clock: Callable[[], float] = now_s
    pause: Callable[[float], object] | None = None
    alerts: AlertWatch | None = None
    """Raises the alerts; None: by the default priorities."""

    def __post_init__(self) -> None:
        self._alerts = self.alerts or AlertWatch(self.judge, self.record, self.clock)
        self._sides = {side.name: side for side in self.sides if self.sequential is None or side.name == CONTROL}
        self._injections: dict[SideName, list[tuple[str, Injection]]] = {TREATMENT: [], CONTROL: []}
        self._watch = FaultWatch(self._injections, self.record, self.clock)
        self._up: dict[str, float] = {}
        self._leaving: threading.Thread | None = None

    def run(self) -> None:
        """Run all phases. Errors are recorded, and make the drill inconclusive.

        Raises JournalError, and StartError when a service of the bindings does not start, so that no drill can run.
        """
        try:
            self._phases()
        except Interrupted:
            self.record(DrillInterrupted())
        except GamedayError as error:
            self._record_error(str(error))
            if isinstance(error, StartError) and not self.stop.is_set():
                raise
        except Exception as error:
            self._record_error(f"{type(error).__name__}: {error}", trace=traceback.format_exc())
        finally:
            self._end()

    def _record_error(self, text: str, trace: str = "") -> None:
        """Record an error. After an interruption it is a consequence of it: Ctrl-C also reaches child processes."""
        self.record(DrillInterrupted(text=text) if self.stop.is_set() else Crashed(text=text, trace=trace))

    def _phases(self) -> None:
        if self.sequential and not self._control_first(self.sequential):
            return
        self._phase("prepare", self._change_sides if self.sequential else self._prepare)
        if not self._wait("baseline", self.limits.baseline_s, self.limits.baseline_least_s):
            return
        self._phase("fault", self._inject)
        if not self._wait("symptoms", self.limits.symptoms_s):
            return
        self._alerts.responding()
        self._phase("response", self.respond)
        recovered = self._wait("recovery", self.limits.recovery_s)
        if recovered:
            self._alerts.recovered()
            self.resolve()
            self._wait("control", self.limits.control_s)
        if general := self.general if recovered else self.escalate or self.general:
            self._phase("general", general)
        if CONTROL in self._sides:
            self._leave_control()
        self._revert(TREATMENT)
        if recovered:
            self._wait("after-revert", self.limits.after_revert_s)

    def _control_first(self, plan: ControlPlanned) -> bool:
        """Run the control alone; return False if no treatment can be compared with it."""
        self.record(plan)
        self._phase("control-prepare", self._prepare)
        if not self._wait("control-baseline", self.limits.baseline_s):
            return False
        self._phase("control-fault", self._inject)
        broken = self._wait("control-incident", plan.observe_s + SILENCE_S)
        self._phase("control-revert", lambda: self._revert(CONTROL))
        with self.judge() as judge:
            return broken and bool(judge.state.control_reverted)

    def _change_sides(self) -> None:
        """Give back the platform on which the control ran, as after a drill, and start it for the treatment."""
        self._take_down(self._sides[CONTROL])
        self._sides = {side.name: side for side in self.sides if side.name == TREATMENT}
        self._prepare()

    def _phase(self, name: PhaseName, do: Callable[[], None]) -> None:
        self._check()
        self.record(PhaseStarted(phase=name))
        do()
        self._check()
        self.record(PhaseEnded(phase=name))

    def _wait(self, phase: PhaseName, limit_s: float, least_s: float = 0.0) -> bool:
        """Wait until the judge has decided, for `least_s` or longer; return False if it decided no, or at the limit."""
        limit_s = max(limit_s, least_s)
        self.record(PhaseStarted(phase=phase, limit_s=limit_s))
        least, until = self.clock() + least_s, self.clock() + limit_s
        extended = False
        while (answer := self._answer(phase)) is None or self.clock() < least:
            if answer is None and self.clock() >= until:
                more_s = 0.0 if extended else self._extension_s(limit_s)
                if not more_s:
                    break
                self.record(PhaseExtended(phase=phase, more_s=more_s))
                until, extended = until + more_s, True
            self._check()
            self._check_load()
            self._watch.poll()
            self._alerts.poll()
            (self.pause or self.stop.wait)(POLL_S)
        with self.judge() as judge:
            waiting_for = judge.waiting_for(phase) if answer is None else ""
        self.record(PhaseEnded(phase=phase, decides=True, answer=answer, waiting_for=waiting_for))
        return bool(answer)

    def _extension_s(self, limit_s: float) -> float:
        """Seconds by which a phase goes on beyond its limit; 0 unless a decision is expected within as long again."""
        longest_s = max(limit_s, self.limits.extension_s)
        with self.judge() as judge:
            more_s = decided_s(judge.state)
        return 0.0 if more_s is None or more_s > longest_s else min(longest_s, math.ceil(EXTENSION_FACTOR * more_s + 1))

    def _answer(self, phase: PhaseName) -> bool | None:
        with self.judge() as judge:
            return judge.answer(phase)

    def _check(self) -> None:
        if self.stop.is_set():
            raise Interrupted("interrupted")
        with self.judge() as judge:
            lost = [f"{name}: {side.load_ended}" for name, side in judge.state.sides.items() if side.load_ended]
            crashed = bool(judge.state.crashes)
        if lost:
            raise PlatformError(f"load lost: {'; '.join(lost)}")
        if crashed:
            raise PlatformError("a part of the drill crashed")

    def _check_load(self) -> None:
        """Raise PlatformError if a generator reports nothing: that must not look like a service without errors."""
        with self.judge() as judge:
            counted_until_s = {name: side.last_load_s for name, side in judge.state.sides.items()}
        for name, until_s in counted_until_s.items():
            if name in self._up and self.clock() - max(until_s, self._up[name]) > SILENCE_S:
                raise PlatformError(f"load lost: {name}: the generator has reported nothing for {SILENCE_S:.0f} s")

    def _bring_up(self, side: Side) -> None:
        side.up()
        self._up[side.name] = self.clock()

    def _take_down(self, side: Side) -> None:
        self._up.pop(side.name, None)
        side.down()

    def _leave_control(self) -> None:
        """Revert the control and take it down, while the treatment is observed once more."""
        self._leaving = threading.Thread(target=self._end_control, name="control-down")
        self._leaving.start()

    def _end_control(self) -> None:
        with suppress(JournalError):  # it has ended the run, which raises it again
            self._revert(CONTROL)
        self._take_down(self._sides[CONTROL])

    def _prepare(self) -> None:
        """Bring both sides up at once. If the run is stopped meanwhile, take them down while they still come up."""
        with ThreadPoolExecutor(len(self._sides)) as pool:
            starting = [pool.submit(self._bring_up, side) for side in self._sides.values()]
            while wait(starting, timeout=PREPARE_POLL_S).not_done:
                if self.stop.is_set():
                    self._both(self._take_down)
        for future in starting:
            future.result()

    def _both(self, do: Callable[[Side], None]) -> None:
        """Do the same on both sides at once; raise the first error when both are done."""
        with ThreadPoolExecutor(len(self._sides)) as pool:
            for future in [pool.submit(do, side) for side in self._sides.values()]:
                future.result()

    def _inject(self) -> None:
        """Apply each fault on each side. Its revert entry is on disk before."""
        for side in self._sides.values():
            for fault in self.faults:
                injection = fault.prepare(side.target)
                self.record(RevertArmed(side=side.name, text=injection.text), sync=True)
                self._injections[side.name].append((fault.text, injection))
                injection.apply()
                self.record(FaultApplied(side=side.name, text=fault.text))

    def _revert(self, side: SideName) -> None:
        """Revert the faults of a side, last in, first out. Each is tried, also after one failed."""
        failures: list[str] = []
        while self._injections[side]:
            try:
                self._injections[side].pop()[1].revert()
            except Exception as error:  # a fault of another package may raise anything
                failures.append(str(error) if isinstance(error, GamedayError) else f"{type(error).__name__}: {error}")
        self.record(FaultReverted(side=side, ok=not failures, why="; ".join(failures)))

    def _revert_active(self, side: Side) -> None:
        if self._injections[side.name]:
            self._revert(side.name)

    def _end(self) -> None:
        """Revert the faults that are still active and take both sides down."""
        try:
            self._watch.close()
            if self._leaving:
                self._leaving.join()
            self._both(self._revert_active)
        finally:
            self._both(self._take_down)
        self.record(DrillEnded())

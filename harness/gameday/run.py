"""Runs the drills of a plan, several at a time if wanted, each on platforms of its own, and records their events."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from harness.gameday.admission import Admission
from harness.gameday.drilling import Gameday, Members, run_drill
from harness.gameday.headers import procedures_header, run_header
from harness.gameday.judging import LiveJudges
from harness.gameday.room import RoomMeter
from harness.history.vif import history_beside
from harness.machine.environment import environment
from harness.machine.reference import Reference
from harness.plan import GamedayPlan, Start
from harness.record.events import (
    DocumentRead,
    EnvironmentFound,
    RunEnded,
    StartName,
)
from harness.record.journal import Journal

WAKE_S = 0.5
WAKES_PER_SAMPLE = 4
"""Every two seconds: a sample takes a few milliseconds of processor time."""
WAKES_PER_REFERENCE = 2
"""Once a second: a sample takes two milliseconds."""


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
    gameday = Gameday(plan, members, journal, judges, out, stop, history_beside(out, members.platform))
    with ThreadPoolExecutor(admission.most, thread_name_prefix="drill") as pool, closing(Reference()) as reference:
        futures = _start_all(gameday, admission, pool, reference)
    for future in futures:
        future.result()
    journal.write(RunEnded())


def _environment(plan: GamedayPlan, members: Members) -> EnvironmentFound:
    start: StartName = "documented" if plan.start is Start.DOCUMENTED else "deployed"
    return replace(environment(Path.cwd()), start=start, steady_s=members.limits.steady_s)


def _start_all(gameday: Gameday, admission: Admission, pool: Executor, reference: Reference) -> list[Future[None]]:
    """Start each drill as soon as it is admitted, and measure the machine, until all have ended."""
    waiting, futures = deque(gameday.plan.drills), dict[Future[None], str]()
    meter = RoomMeter(gameday.journal.write, partial(gameday.members.containers, gameday.out))
    running, most, room, ticks = set[Future[None]](), 0, None, 0
    while (waiting and not gameday.stop.is_set()) or running:
        while waiting and not gameday.stop.is_set() and admission.admits(len(running), room, most):
            drill, room = waiting.popleft(), None
            running.add(future := pool.submit(run_drill, gameday, drill))
            futures[future], most = drill.runbook.id, max(most, len(running))
        running = wait(running, WAKE_S, FIRST_COMPLETED).not_done  # a signal's handler runs here, only while awake
        ticks += 1
        if ticks % WAKES_PER_SAMPLE == 0:
            room = meter.measure(loaded=all(gameday.judges.under_load(futures[each]) for each in running))
        if ticks % WAKES_PER_REFERENCE == 0:
            gameday.journal.write(reference.sample())
    return list(futures)

"""Use case `drill`: one incident, handled by a person, a program, or the runbook as written."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from harness.app.beside import run_beside
from harness.app.handling import Handling, by_program, handling_of
from harness.app.members import RESPONDERS
from harness.app.planning import read_plan
from harness.app.running import ListenerFactory, Notify, RunRequest, RunResult, run_plan
from harness.errors import BindingError
from harness.plan import DrillPlan, GamedayPlan, check
from harness.responders.person import BUDGET_S, HUMAN, Front, PersonResponder
from harness.responders.sections import sections_of


@dataclass(frozen=True)
class DrillRequest:
    """Which incident is handled, by whom (`run.responder`), and where the desk of a person can be used.

    `fault`: name of the fault in the bindings; None: one of the document is drawn with the seed of the run. `hidden`:
    whether fault and runbook are shown only after the drill. `budget_s`: longest response (default: 15 minutes
    for a person, 5 for a program).
    """

    run: RunRequest
    fronts: Sequence[Front] = ()
    fault: str | None = None
    hidden: bool = False
    budget_s: float | None = None
    beside: Path | None = None
    """An earlier run, executed as written, to show beside this one; None: the newest one that passed."""


def drill(
    request: DrillRequest,
    *,
    notify: Notify = lambda line: None,
    listeners: Sequence[ListenerFactory] = (),
    stop: threading.Event | None = None,
) -> RunResult:
    """Run one drill and let its incident be handled; as `run` in all else.

    Raises BindingError when no runbook has the fault.
    """
    seed = request.run.seed if request.run.seed is not None else secrets.randbelow(2**31)
    whole = read_plan(replace(request.run.plan, only=()))
    chosen = choose(whole, request.run.plan.only, request.fault, seed)
    plan = replace(read_plan(replace(request.run.plan, only=(chosen.runbook.id,))), general=())
    beside = run_beside(chosen, request.beside, request.run.history)
    handling = replace(_handling(request, whole), beside=beside)
    run = replace(request.run, seed=seed, jobs=1)
    return run_plan(handling.lengthened(plan), run, handling, notify=notify, listeners=listeners, stop=stop)


def _handling(request: DrillRequest, whole: GamedayPlan) -> Handling:
    """By the person at the desk, or by the responder that the request names."""
    name = request.run.responder
    if name == HUMAN:
        budget_s = request.budget_s or BUDGET_S
        responder = PersonResponder(request.fronts, sections_of(whole), budget_s=budget_s, hidden=request.hidden)
        return Handling(responder, budget_s, request.hidden)
    if name in RESPONDERS.names():
        check(whole)
        return handling_of(name, whole)
    return by_program(name, whole, request.budget_s, hidden=request.hidden)


def choose(plan: GamedayPlan, only: Sequence[str], fault: str | None, seed: int) -> DrillPlan:
    """Draw one of the drills that can run, of these runbooks (empty: all) and with this fault (None: any)."""
    faults = {each.runbook.id: each.binding.fault for each in plan.drills if each.binding is not None and each.steps}
    fitting = [
        each
        for each in plan.drills
        if each.runbook.id in faults
        and (not only or each.runbook.id in only)
        and fault in (None, faults[each.runbook.id])
    ]
    if not fitting:
        known = ", ".join(f"{id_} ({name})" for id_, name in faults.items())
        asked = " ".join([*(f"--only {name}" for name in only), *([f"--fault {fault}"] if fault else [])])
        where = f"{plan.document.path} with {plan.bindings.path.name}"
        raise BindingError(f"{asked or 'drill'}: {where} has no such incident; it has {known or 'none with a fault'}")
    return Random(f"{seed} incident").choice(fitting)  # noqa: S311  no secret

"""Who handles the incidents of a run, and what follows from that for the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from harness.app.members import RESPONDERS
from harness.drill import Limits
from harness.errors import BindingError
from harness.load.job import MAX_DURATION_S as LOAD_S
from harness.plan import GamedayPlan
from harness.record.incident import RunBeside
from harness.responders.base import Responder
from harness.responders.person import HUMAN
from harness.responders.program import BUDGET_S as PROGRAM_BUDGET_S
from harness.responders.program import ProgramResponder
from harness.responders.sections import sections_of

LONGEST_FAULT_S = 3600.0
"""Longest duration that the services accept for a fault."""


@dataclass(frozen=True)
class Handling:
    """A responder, the longest response that it may take (0: its steps have deadlines of their own), whether the fault
    and the runbook are hidden from it, and a run to show beside its own."""

    responder: Responder
    budget_s: float = 0.0
    hidden: bool = False
    beside: RunBeside | None = None

    def limits(self, steady_s: float) -> Limits:
        """The limits of the phases: a recovery must last as long as the incident had lasted, on both sides."""
        return Limits(steady_s=steady_s, extension_s=self.budget_s)

    @property
    def longest_s(self) -> float:
        """Longest duration of fault and load: the incident, a recovery and a control that last as long as it, and the
        other phases; an hour at most. 0: that of the bindings and of the scenario."""
        limits = Limits()
        others_s = limits.baseline_s + limits.symptoms_s + limits.recovery_s + limits.control_s + limits.after_revert_s
        return min(LONGEST_FAULT_S, 3 * self.budget_s + 2 * others_s) if self.budget_s else 0.0

    @property
    def load_settings(self) -> Mapping[str, str]:
        """Further variables of a scenario, so that the load outlasts the drill."""
        return {"GAMEDAY_DURATION_S": f"{self.longest_s:g}"} if self.longest_s > LOAD_S else {}

    def lengthened(self, plan: GamedayPlan) -> GamedayPlan:
        """The plan with faults that outlast the drill."""
        if not self.longest_s:
            return plan
        faults = {
            name: tuple(replace(spec, max_duration_s=max(spec.max_duration_s, self.longest_s)) for spec in specs)
            for name, specs in plan.bindings.faults.items()
        }
        return replace(plan, bindings=replace(plan.bindings, faults=faults))


def handling_of(request: str, plan: GamedayPlan) -> Handling:
    """The handling of a whole run, by the name of a responder or a command line.

    Raises BindingError for a person, who needs a desk, and MachineError for a program that does not exist.
    """
    if request == HUMAN:
        raise BindingError(f"--responder {HUMAN}: a person handles one incident at a time; use `gameday drill`")
    if request in RESPONDERS.names():
        return Handling(RESPONDERS.load(request)())
    return by_program(request, plan)


def by_program(command: str, plan: GamedayPlan, budget_s: float | None = None, *, hidden: bool = False) -> Handling:
    """The handling by a command line, which knows every step of the plan. Raises MachineError if there is no such
    program."""
    longest_s = budget_s or PROGRAM_BUDGET_S
    responder = ProgramResponder(command, sections_of(plan), budget_s=longest_s, hidden=hidden)
    return Handling(responder, longest_s, hidden)

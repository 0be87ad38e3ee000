"""The responder `human`: a person at a desk, in a terminal or on a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from harness.record.incident import ResponderChosen
from harness.responders.base import Incident, Responder
from harness.responders.desk import IncidentDesk
from harness.responders.sections import Section, sections_of_incident

Front: TypeAlias = Callable[[IncidentDesk], AbstractContextManager[object]]
"""Makes a desk usable, such as in a terminal, for as long as its `with` lasts."""
HUMAN = "human"
BUDGET_S = 900.0
"""Longest response of a person."""


@dataclass
class PersonResponder(Responder):
    """Opens a desk for the incident, and waits until the person has resolved it, or the budget is spent.

    `fronts`: where the desk can be used. `sections`: the steps of the whole document (default: those of the incident).
    `pause` waits some seconds (default: until the run is stopped).
    """

    fronts: Sequence[Front] = ()
    sections: Sequence[Section] = ()
    budget_s: float = BUDGET_S
    hidden: bool = False
    pause: Callable[[float], object] | None = None
    name: str = HUMAN

    def chosen(self) -> ResponderChosen:
        return ResponderChosen(responder=self.name, hidden=self.hidden)

    def respond(self, incident: Incident) -> None:
        sections = self.sections or sections_of_incident(incident)
        desk = IncidentDesk(incident, sections, self.name, hidden=self.hidden, budget_s=self.budget_s)
        with ExitStack() as open_fronts:
            try:
                for front in self.fronts:
                    open_fronts.enter_context(front(desk))
                desk.attend(self.pause)
            finally:
                desk.close()

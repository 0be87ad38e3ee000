"""Proposes what gameday.yaml needs for the runbooks of a document."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from harness.bindings.file_schema import CONTAINS_KEYS
from harness.bindings.model import identifies
from harness.conditions.prose import from_prose
from harness.model import Runbook, Symptom, Toggle
from harness.plan import DrillPlan, GamedayPlan
from harness.proposal.choices import Choices, listed
from harness.proposal.draft import TODO, Key, Row
from harness.proposal.mentions import deployment_of, deployments, is_namespace, namespaces
from harness.proposal.questions import required_keys, services_question, toggle_question
from harness.proposal.symptoms import Subject, propose
from harness.runbook.headings import alert_name
from harness.schema.tree import Tree
from harness.steps.step import Step

_EMPTY = Tree({}, "")
_DEFAULT_NAMESPACE = "production"
_LONGEST_PART = 60


@dataclass(frozen=True)
class Proposer:
    """Proposes for one document, beside what the file has already."""

    plan: GamedayPlan
    """The document with no bindings: every placeholder in it is missing."""
    document: str
    """Its path as gameday.yaml names it."""
    choices: Choices
    existing: Tree = field(default=_EMPTY)

    def keys(self) -> tuple[Key, ...]:
        """The keys that the file should have."""
        toggles = tuple(self._toggles())
        whole = (
            self._namespace_key(),
            _if_any("placeholders", tuple(self._placeholders())),
            _if_any("toggles", toggles, toggle_question(toggles, self.choices)),
            _if_any("runbooks", tuple(map(self._runbook, self._own_drills())), services_question(self.choices)),
        )
        return (Key("version", "1"), *(key for key in whole if key))

    def foreign(self) -> tuple[str, ...]:
        """The ids of its runbooks that the file has for another document."""
        return tuple(drill.runbook.id for drill in self.plan.drills if not self._is_own(drill))

    def _own_drills(self) -> Iterator[DrillPlan]:
        return filter(self._is_own, self.plan.drills)

    def _is_own(self, drill: DrillPlan) -> bool:
        said = self.existing.at("runbooks", drill.runbook.id, "document")
        return said is None or said.written == self.document

    # -- the whole file ------------------------------------------------------------------------------------------------

    @cached_property
    def _namespace(self) -> str | None:
        """The namespace that the file has, else the only one that the commands name."""
        said = self.existing.at("namespace")
        found = namespaces(step.text for step in self.plan.steps())
        return said.written if said else found[0] if len(found) == 1 else None

    def _namespace_key(self) -> Key | None:
        """The namespace; in a file that has something already, only if it is another one than without the key."""
        name = self._namespace or _DEFAULT_NAMESPACE
        return None if self.existing.entries and name == _DEFAULT_NAMESPACE else Key("namespace", name)

    def _placeholders(self) -> Iterator[Key]:
        used: dict[str, list[Step]] = {}
        for drill in self._own_drills():
            bound = self._bound_in(drill.runbook)
            for step in drill.steps:
                for name in step.missing:
                    if not name.startswith("toggles.") and name not in bound:
                        used.setdefault(name, []).append(step)
        for step in self.plan.general:
            for name in step.missing:
                used.setdefault(name, []).append(step)
        for name, steps in used.items():
            yield self._placeholder(name, steps)

    def _bound_in(self, runbook: Runbook) -> Iterable[str]:
        bound = self.existing.at("runbooks", runbook.id, "placeholders")
        return bound.fields if bound else ()

    def _placeholder(self, name: str, steps: Sequence[Step]) -> Key:
        value = self._certain(name, steps)
        if value is not None:
            return Key(name, value)
        found = list(dict.fromkeys(step.line for step in steps))
        lines = f"{'line' if len(found) == 1 else 'lines'} {', '.join(map(str, found))}"
        what = f"what is `{name}` ({self.document}, {lines})? A text"
        options = "or pod-of(DEPLOYMENT), the newest running pod" if "pod" in name.lower() else ""
        known = f"known services: {listed(self.choices.services)}"
        return Key(name, None, (f"{TODO} placeholder: {what}{options and ', ' + options}; {known}",))

    def _certain(self, name: str, steps: Sequence[Step]) -> str | None:
        """The value of a placeholder that can have no other one: commands work in the namespace of the file only."""
        if is_namespace(name, (step.text for step in steps)):
            return self._namespace or _DEFAULT_NAMESPACE
        only = self.choices.only_service
        return f"pod-of({only})" if only and re.fullmatch(r"\W*pod([ _-]?name)?\W*|[a-z-]*-pod", name, re.I) else None

    def _toggles(self) -> Iterator[Key]:
        """The Deployment of each toggle, if a command names it, or if the user has one service only."""
        seen = set()
        for drill in self._own_drills():
            for toggle in drill.runbook.toggles:
                if toggle.manual or toggle.name in seen:
                    continue
                seen.add(toggle.name)
                yield self._toggle(toggle, drill)

    def _toggle(self, toggle: Toggle, drill: DrillPlan) -> Key:
        texts = (toggle.command, *(step.text for step in drill.steps))
        value = deployment_of(toggle.name, texts) or self.choices.only_service
        return Key(toggle.name, value)

    # -- one runbook ---------------------------------------------------------------------------------------------------

    def _runbook(self, drill: DrillPlan) -> Key:
        runbook = drill.runbook
        about = self._subject(drill)
        alert = alert_name(runbook.id)
        words = " ".join([runbook.id, runbook.title, *(symptom.text for symptom in runbook.symptoms)])
        notes = (
            (f"Rules of the alert {alert}: `gameday discover RULES.yml --write` adds it as a symptom",) if alert else ()
        )
        return Key(
            runbook.id,
            (
                Key("document", self.document),
                *required_keys(self.choices, self._scenario(runbook), words),
                *filter(None, [_if_any("symptoms", list(self._symptoms(runbook, about)))]),
            ),
            (f"{runbook.title} ({self.document}:{max(runbook.line, 1)})", *notes),
        )

    def _scenario(self, runbook: Runbook) -> str | None:
        """The scenario that the file has, else the only one that it defines."""
        scenario = self.existing.at("runbooks", runbook.id, "scenario")
        return scenario.written if scenario else self.choices.only_scenario

    def _subject(self, drill: DrillPlan) -> Subject:
        """The service and series that the file has, else those that are certain."""
        runbook = drill.runbook
        service = self.existing.at("runbooks", runbook.id, "service")
        series = self.existing.at("runbooks", runbook.id, "series")
        own = self.choices.scenarios.get(self._scenario(runbook) or "", ())
        return Subject(
            service.written if service else self._service(drill.steps),
            series.written if series else next(iter(own), None),
            self.choices.services,
        )

    def _service(self, steps: Sequence[Step]) -> str | None:
        """The one service of the user, else the only known one that the commands name."""
        named = deployments(step.text for step in steps)
        known = [name for name in self.choices.services if name in named]
        return self.choices.only_service or (known[0] if len(known) == 1 else None)

    def _symptoms(self, runbook: Runbook, about: Subject) -> Iterator[Row]:
        """A row for each symptom that neither states a number nor is in the file."""
        present = self.existing.at("runbooks", runbook.id, "symptoms")
        for symptom in runbook.symptoms:
            if from_prose(symptom.text, "x") or _is_bound(symptom, present.items if present else ()):
                continue
            found = propose(symptom.text, about)
            is_ = Key("is", found.condition)
            shown = f"{TODO} symptom, line {symptom.line}: {found.question}" if found.question else ""
            yield Row((_identity(symptom, runbook), is_), shown)


def _identity(symptom: Symptom, runbook: Runbook) -> Key:
    """What identifies a symptom: the beginning of its text if no other has it, else its line."""
    text = " ".join(symptom.text.split())
    part = text if len(text) <= _LONGEST_PART else text[: _LONGEST_PART + 1].rpartition(" ")[0]
    alike = [each for each in runbook.symptoms if part and identifies(None, part, each)]
    return Key("contains", part) if len(alike) == 1 else Key("line", str(symptom.line))


def _is_bound(symptom: Symptom, rows: Iterable[Tree]) -> bool:
    return any(identified(row, symptom) for row in rows)


def identified(row: Tree, symptom: Symptom) -> bool:
    """Whether a row of `symptoms` is for this symptom."""
    line = row.number("line")
    contains = next((row.fields[key].written for key in CONTAINS_KEYS if key in row.fields), None)
    return identifies(None if line is None else int(line), contains, symptom)


def _if_any(name: str, value: tuple[Key, ...] | list[Row], question: str = "") -> Key | None:
    return Key(name, value, (question,) if question else ()) if value else None

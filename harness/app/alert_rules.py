"""Use case `rules`: alert rules from the SLOs of a runbook, and their unit tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from harness.app.planning import PlanRequest, read_plan
from harness.errors import BindingError
from harness.plan import GamedayPlan
from harness.rules import Rules, rules_of
from harness.rules.files import promtool_files, rules_file
from harness.slo import Slo

RULES = "gameday.rules.yml"


@dataclass(frozen=True)
class RulesRequest:
    """Whose SLOs, and where the document will be read in an incident."""

    plan: PlanRequest
    url: str | None = None
    """The document's URL, for `runbook_url`; None: its path."""
    deployment_label: str = "deployment"
    """The label that has the name of a Deployment in the user's Prometheus."""


@dataclass(frozen=True)
class RulesResult:
    """The text of the rules, the files with the rules and their tests by name, and why some SLO has no rule."""

    rules: str
    files: Mapping[str, str]
    notes: tuple[str, ...]


def rules(request: RulesRequest) -> RulesResult:
    """The rules of the SLOs by which a run is judged. Raises BindingError when there is none to make a rule of."""
    plan = read_plan(request.plan)
    found = rules_of_plan(plan, request.url, request.deployment_label)
    if not found.slos:
        reasons = "\n".join(found.notes) or "the bindings bind no SLO to these runbooks"
        raise BindingError(f"{plan.bindings.path}: no SLO has an alert rule:\n{reasons}")
    text = rules_file(found)
    return RulesResult(text, {RULES: text, **promtool_files(found, RULES)}, found.notes)


def rules_of_plan(plan: GamedayPlan, url: str | None = None, deployment_label: str = "deployment") -> Rules:
    """The rules of the SLOs of a plan, each SLO once."""
    document = url or str(plan.document.path)
    urls = {drill.runbook.id: f"{document}#{slug(drill.runbook.id, drill.runbook.title)}" for drill in plan.drills}
    return rules_of(_slos(plan), plan.bindings.indicators, urls, document, deployment_label)


def _slos(plan: GamedayPlan) -> Mapping[str, tuple[Slo, Sequence[str]]]:
    found: dict[str, tuple[Slo, list[str]]] = {}
    for drill in plan.drills:
        for name, slo in (drill.binding.slos if drill.binding else {}).items():
            found.setdefault(name, (slo, []))[1].append(drill.runbook.id)
    return found


def slug(id_: str, title: str) -> str:
    """The anchor of a heading as GitHub makes it: lower case, without punctuation, hyphens for spaces."""
    heading = title if title.startswith(id_) else f"{id_}: {title}"
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")

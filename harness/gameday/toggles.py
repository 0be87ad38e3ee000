"""The values from which a drill's toggles start, and how they differ from what the runbook documents. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.model import Toggle
from harness.plan import DrillPlan, GamedayPlan, Start

Values = Mapping[str, Mapping[str, str]]
"""Environment variables, by Deployment and name."""


def overrides(drill: DrillPlan, plan: GamedayPlan) -> Values:
    """What is deployed differently from the shipped values: nothing, or the documented old value of every toggle that
    the bindings assign to a Deployment."""
    found: dict[str, dict[str, str]] = {}
    if plan.start is Start.DOCUMENTED:
        for toggle in drill.runbook.toggles:
            if toggle.old is not None and toggle.name in plan.bindings.toggles:
                found.setdefault(plan.bindings.toggles[toggle.name], {})[toggle.name] = toggle.old
    return found


def drift(drill: DrillPlan, plan: GamedayPlan, deployed: Values) -> Iterator[str]:
    """A finding for every toggle whose deployed value is not the documented old one, or is the new one already."""
    service = drill.binding.service if drill.binding else ""
    for toggle in drill.runbook.toggles:
        deployment = plan.bindings.toggles.get(toggle.name, service)
        values = {**deployed.get(deployment, {}), **overrides(drill, plan).get(deployment, {})}
        text = _drift(toggle, deployment, deployed.get(deployment, {}).get(toggle.name), values.get(toggle.name))
        if text:
            yield f"line {toggle.line}: drift: {text}"


def _drift(toggle: Toggle, deployment: str, deployed: str | None, start: str | None) -> str:
    """`start` is the value from which the drill starts."""
    if deployed is None:
        return f"{toggle.name} is not deployed on {deployment}, and the runbook sets it to {toggle.new}"
    fact = f"{toggle.name} is deployed as {deployed} on {deployment}"
    differs = toggle.old not in (None, deployed)
    if differs:
        fact += f", the runbook documents {toggle.old}"
    if start == toggle.new:
        return f"{fact}: to set it to {toggle.new} changes nothing"
    return f"{fact}; the drill starts from {start}" if differs else ""

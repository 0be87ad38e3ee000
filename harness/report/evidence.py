"""The chain of evidence of a drill: what was found, link by link, that the response restored the service. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from harness.report.format import MARKS, show_seconds
from harness.verdict.result import DrillResult, PhaseResult


@dataclass(frozen=True)
class Fact:
    """One link of the chain of evidence: whether it was found, and what it is."""

    found: bool | None
    text: str

    @property
    def verdict(self) -> str:
        """The style: `passed`, `failed` or `inconclusive`."""
        return {True: "passed", False: "failed", None: "inconclusive"}[self.found]

    @property
    def mark(self) -> str:
        """One character for people who do not see colours."""
        return MARKS[self.verdict]


def chain(drill: DrillResult) -> Iterator[Fact]:
    """The evidence that the response, and nothing else, restored the service, in the order in which it was gathered."""
    phases = {phase.phase: phase for phase in drill.phases}
    yield from _alone(phases)
    if "baseline" in phases:
        yield Fact(phases["baseline"].answer, "before the fault every SLO held on both sides")
    if "fault" in phases:
        yield Fact(True, f"the fault was applied: {drill.fault}")
    if drill.symptoms and "symptoms" in phases:
        seen = sum(symptom.seen for symptom in drill.symptoms)
        yield Fact(seen == len(drill.symptoms), f"{seen} of {len(drill.symptoms)} documented symptoms were seen")
    if "response" in phases:
        failed = sum(step.verdict in ("failed", "refused") for step in drill.steps)
        yield Fact(not failed, f"{len(drill.steps)} steps of the runbook, {failed} of them failed or refused")
    if drill.outages:
        names = ", ".join(dict.fromkeys(outage.deployment or outage.probe for outage in drill.outages))
        yield Fact(False, f"the response broke what the incident does not concern: {names}")
    if "recovery" in phases:
        yield Fact(phases["recovery"].answer, f"the SLOs held again: {_recovered(drill)}")
    if drill.credit is not None:
        control = ", ".join(drill.credit.still_broken) or "nothing for certain"
        text = f"still broken on the control, on which nothing was done: {control}"
        yield Fact(drill.controlled or (False if drill.credit.self_healed else None), text)
        enough = drill.credit.alpha <= drill.credit_limit
        limits = f"p ≤ {drill.credit.alpha:.2g} (limit {drill.credit_limit:g})"
        yield Fact(enough or None, f"an incident that ends by itself explains this with {limits}")
    if "after-revert" in phases:
        yield Fact(phases["after-revert"].answer, "after the revert the SLOs still held")


def _alone(phases: Mapping[str, PhaseResult]) -> Iterator[Fact]:
    """What was seen on a sequential control before the treatment."""
    if "control-incident" in phases:
        yield Fact(phases["control-incident"].answer, "first without a response: the fault broke an SLO on the control")


def _recovered(drill: DrillResult) -> str:
    seconds = drill.times.recover_s
    return "not within the phase" if seconds is None else f"{show_seconds(seconds)} after the fault"

"""The one sentence that says why a drill did not pass: what decided it, measured value, objective and n. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.verdict.measurement import Measurement
from harness.verdict.quantities import show_measurement
from harness.verdict.result import SloResult, StepResult, Verdict

Part = Literal["before", "control_before", "during", "after", "control", "after_revert"]
"""A measurement of `SloResult`."""
_WHEN: dict[Part, str] = {
    "before": "before the fault",
    "control_before": "on the control before the fault",
    "during": "during the incident",
    "after": "after the response",
    "after_revert": "after the revert",
    "control": "on the control",
}
_LATEST: tuple[Part, ...] = ("after", "during", "before")
"""The parts of a drill, backwards: the first one with data stands for a drill that ended early."""
_TEXT, _WHY = 100, 200
"""Most characters of a step's text, and of why it failed; a here-document or an error message may be long."""


@dataclass(frozen=True)
class Reason:
    """One reason for a verdict, and its evidence."""

    text: str
    """The reason with every value that was measured."""
    fact: str = ""
    """The same without values, where the text has some."""
    part: Part | None = None
    """The part of the drill whose measurements are its evidence; None: the latest that has any."""
    measured: str = ""
    """The measured values where the evidence is no SLO."""
    with_step: bool = False
    """Whether a failed step may be behind it."""


def cause_of(
    verdict: Verdict, reasons: Sequence[Reason], steps: Sequence[StepResult], slos: Sequence[SloResult]
) -> str:
    """The most important reason with its evidence, as one sentence on one line; "" for a drill that passed."""
    if verdict is Verdict.PASSED:
        return ""
    first = reasons[0]
    fact = first.fact or first.text
    failed = next((step for step in steps if step.verdict in ("failed", "refused")), None)
    if first.with_step and failed is not None:
        fact = f"{fact}, and {named(failed)}"
    return textwrap.shorten(f"{fact}; {first.measured or _measured(slos, first.part)}", 600, placeholder="…")


def named(step: StepResult) -> str:
    """A step with its line and why it failed: ``line 31: `kubectl get pods` failed: exit status 1``."""
    text = textwrap.shorten(step.facts.text.replace("`", ""), _TEXT, placeholder="…")
    why = textwrap.shorten(step.why, _WHY, placeholder="…")
    return f"line {step.facts.line}: `{text}` {'was refused' if step.verdict == 'refused' else 'failed'}: {why}"


def _measured(slos: Sequence[SloResult], part: Part | None) -> str:
    """The SLO that fared worst in a part: ``availability 50 % after the response (objective …, n 200)``."""
    parts = (part,) if part is not None else _LATEST
    for each in parts:
        found = [(slo, measurement) for slo in slos if (measurement := _part_of(slo, each)) and measurement.n]
        if found:
            slo, worst = min(found, key=lambda pair: _rank(pair[1]))
            value = show_measurement(worst, slo.unit)
            return f"{slo.name} {value} {_WHEN[each]} {evidence(slo.objective, worst)}"
    return "no SLO was measured" if part is None else _measured(slos, None)


def _part_of(slo: SloResult, part: Part) -> Measurement | None:
    """The measurement of an SLO in a part of the drill; None: the drill did not get so far."""
    found: dict[Part, Measurement | None] = {
        "before": slo.before,
        "control_before": slo.control_before,
        "during": slo.during,
        "after": slo.after,
        "after_revert": slo.after_revert,
        "control": slo.control,
    }
    return found[part]


def _rank(measurement: Measurement) -> int:
    """Broken before undecided before holding."""
    return {False: 0, None: 1, True: 2}[measurement.holds]


def evidence(objective: str, measurement: Measurement) -> str:
    """`(objective p95(gateway) < 500ms, n 200)`; of a measure of a service, `n 60 samples`."""
    samples = " samples" if measurement.counted == "samples" else ""
    return f"(objective {objective}, n {measurement.n}{samples})"

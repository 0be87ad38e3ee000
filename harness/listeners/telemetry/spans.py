"""The spans of a run, made of its events: the run, its drills, their phases, and the steps.

Names are those of OpenTelemetry's conventions for tests (https://opentelemetry.io/docs/specs/semconv/registry/attributes/test/):
a run is a suite, a drill is a case.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from harness.record.event import DrillEvent, Event
from harness.record.events import DrillEnded, DrillStarted, PhaseEnded, PhaseStarted, RunEnded, RunStarted, StepExecuted
from harness.verdict.result import Verdict

CASE: Mapping[Verdict, str] = {Verdict.PASSED: "pass", Verdict.FAILED: "fail"}
"""`test.case.result.status`; the conventions have no word for an inconclusive case."""
SUITE: Mapping[Verdict, str] = {Verdict.PASSED: "success", Verdict.FAILED: "failure"}
"""`test.suite.run.status`; an inconclusive run is `aborted`."""


DECISIONS: Mapping[bool | None, str] = {True: "yes", False: "no", None: "undecided"}


@dataclass
class Span:
    """One span; times in seconds since the epoch."""

    name: str
    trace: str
    parent: str
    start_s: float
    end_s: float = 0.0
    failed: bool = False
    attributes: dict[str, str | int | float | bool] = field(default_factory=dict)
    id: str = field(default_factory=lambda: secrets.token_hex(8))


class Spans:
    """Takes the events of a run by `add`, which yields the spans that have ended with each."""

    def __init__(self) -> None:
        self._trace = secrets.token_hex(16)
        self._run: Span | None = None
        self._drills: dict[str, Span] = {}
        self._phases: dict[tuple[str, str], Span] = {}
        self._verdicts: list[Verdict] = []

    def add(self, event: Event, verdict: Verdict | None = None) -> Iterator[Span]:
        """`verdict`: of the drill that ends with this event."""
        match event:
            case RunStarted():
                self._run = Span("gameday run", self._trace, "", event.t_s, attributes={
                    "test.suite.name": event.document, "gameday.platform": event.platform,
                })  # fmt: skip
            case DrillStarted():
                self._drills[event.drill] = self._below_run(event)
            case PhaseStarted():
                self._phases[event.drill, event.phase] = self._below(event, event.phase, event.t_s)
            case PhaseEnded() if (event.drill, event.phase) in self._phases:
                span = self._phases.pop((event.drill, event.phase))
                if event.decides:
                    span.attributes["gameday.decision"] = DECISIONS[event.answer]
                yield self._ended(span, event.t_s, failed=event.answer is False)
            case StepExecuted():
                yield self._step(event)
            case DrillEnded():
                yield from self._drill_ended(event, verdict)
            case RunEnded() if self._run:
                yield self._run_ended(self._run, event.t_s)

    def _below_run(self, event: DrillStarted) -> Span:
        attributes: dict[str, str | int | float | bool] = {
            "test.case.name": event.drill, "gameday.fault": event.fault, "gameday.scenario": event.scenario,
        }  # fmt: skip
        parent = self._run.id if self._run else ""
        return Span(f"drill {event.drill}", self._trace, parent, event.t_s, attributes=attributes)

    def _below(self, event: DrillEvent, name: str, start_s: float) -> Span:
        parent = self._drills.get(event.drill)
        return Span(name, self._trace, parent.id if parent else "", start_s)

    def _step(self, event: StepExecuted) -> Span:
        facts = event.facts
        phase = self._phases.get((event.drill, "general" if facts.kind == "general" else "response"))
        span = self._below(event, f"step {facts.kind}", facts.started_s or event.t_s)
        span.parent = phase.id if phase else span.parent
        span.attributes |= {"code.line.number": facts.line, "gameday.step": facts.text, "gameday.ran": facts.ran}
        if facts.exit_status is not None:
            span.attributes["process.exit.code"] = facts.exit_status
        return self._ended(span, span.start_s + facts.seconds, failed=bool(facts.exit_status))

    def _drill_ended(self, event: DrillEnded, verdict: Verdict | None) -> Iterator[Span]:
        for key in [key for key in self._phases if key[0] == event.drill]:
            yield self._ended(self._phases.pop(key), event.t_s)
        if span := self._drills.pop(event.drill, None):
            if verdict is not None:
                self._verdicts.append(verdict)
                span.attributes["gameday.verdict"] = verdict.value
            if verdict is not None and verdict in CASE:
                span.attributes["test.case.result.status"] = CASE[verdict]
            yield self._ended(span, event.t_s, failed=verdict is Verdict.FAILED)

    def _run_ended(self, span: Span, end_s: float) -> Span:
        worst = next((each for each in (Verdict.FAILED, Verdict.INCONCLUSIVE) if each in self._verdicts), None)
        status = SUITE.get(worst or Verdict.PASSED, "aborted") if self._verdicts else "aborted"
        span.attributes["test.suite.run.status"] = status
        return self._ended(span, end_s, failed=status == "failure")

    @staticmethod
    def _ended(span: Span, end_s: float, *, failed: bool = False) -> Span:
        span.end_s, span.failed = end_s, failed
        return span

"""Combines the results of a run's drills into one; the worst verdict wins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from harness.errors import FAILED, INCONCLUSIVE, PASSED
from harness.record.event import Event
from harness.record.events import RunEnded, RunStarted
from harness.record.incident import ProcedureRow, ProceduresRead
from harness.verdict.drill import drill_result
from harness.verdict.judges import Judges
from harness.verdict.procedures import RowResult, judge_rows
from harness.verdict.result import DrillResult, StepResult, Verdict

RESULT_VERSION = 1
"""Version of `result.json`; raised with every change that an older reader would misunderstand."""
EXIT_CODES: Mapping[Verdict, int] = {Verdict.PASSED: PASSED, Verdict.FAILED: FAILED, Verdict.INCONCLUSIVE: INCONCLUSIVE}
NEVER_STARTED = "the drill never started"
CUT = "the record stops before the end of the run"
_BADNESS = (Verdict.PASSED, Verdict.INCONCLUSIVE, Verdict.FAILED)


@dataclass(frozen=True)
class Finding:
    """An observation that does not decide the verdict; `runbook` is "" for the document as a whole."""

    runbook: str
    text: str


@dataclass(frozen=True)
class ManualLine:
    """A line of a procedure as written; in a drill only those of `GamedayResult.rows` are judged."""

    kind: str
    line: int
    text: str


@dataclass(frozen=True)
class GamedayResult:
    """The result of a run."""

    document: str
    platform: str
    """Name of the platform, such as `local`."""
    verdict: Verdict
    why: tuple[str, ...]
    seconds: float
    findings: tuple[Finding, ...]
    drills: tuple[DrillResult, ...]
    procedures: tuple[ManualLine, ...]
    rows: tuple[RowResult, ...] = ()
    """The rows of the alert and escalation procedures in the drills; none without an alert."""
    never_began: tuple[str, ...] = ()
    """Planned drills that are not in the record."""
    cut: bool = False
    """Whether the record stops before the end of the run."""

    @property
    def exit_code(self) -> int:
        """0 passed, 1 failed, 3 inconclusive."""
        return EXIT_CODES[self.verdict]

    @property
    def procedures_for_people(self) -> tuple[ManualLine, ...]:
        """The lines of procedures that no row judges: those after an incident, or all without an alert."""
        judged = {(each.row.kind, each.row.line, each.row.text) for each in self.rows}
        return tuple(line for line in self.procedures if (line.kind, line.line, line.text) not in judged)

    @property
    def general(self) -> tuple[StepResult, ...]:
        """The general commands, each once: of the first drill that executed them.

        A later drill executes them again only as evidence of its own incident.
        """
        return next((drill.general for drill in self.drills if drill.general), ())

    @property
    def cause(self) -> str:
        """The sentence of the first drill with the worst verdict, behind its id; "" if every drill passed."""
        for verdict in reversed(_BADNESS[1:]):
            for drill in self.drills:
                if drill.verdict is verdict:
                    return f"{drill.runbook}: {drill.cause}"
        if self.never_began:
            return f"{self.never_began[0]}: {NEVER_STARTED}"
        return "" if self.verdict is Verdict.PASSED else CUT if self.cut else "no drill was run"


def judge_record(events: Iterable[Event]) -> GamedayResult:
    """The result of a record: the same events give the same result. Raises ValueError for one without a header.

    Takes one event at a time, so that a long record need not be in memory.
    """
    every, judges, rows = iter(events), Judges(), tuple[ProcedureRow, ...]()
    header = next(every, None)
    if not isinstance(header, RunStarted):
        raise ValueError("the record does not begin with a run")
    last: Event = header
    for last in every:
        judges.add(last)
        rows = last.rows if isinstance(last, ProceduresRead) else rows
    started = judges.by_drill
    results = tuple(drill_result(started[name].state) for name in header.drills if name in started)
    whole = _combine(header, results, cut=not isinstance(last, RunEnded), end_s=last.t_s)
    return replace(whole, rows=judge_rows(rows, results))


def _combine(header: RunStarted, drills: tuple[DrillResult, ...], *, cut: bool, end_s: float) -> GamedayResult:
    began = {drill.runbook for drill in drills}
    missing = [name for name in header.drills if name not in began]
    verdicts = [drill.verdict for drill in drills] + [Verdict.INCONCLUSIVE] * (len(missing) + cut)
    worst = max(verdicts, key=_BADNESS.index, default=Verdict.INCONCLUSIVE)
    findings = [Finding("", text) for text in header.findings]
    findings += [Finding(drill.runbook, text) for drill in drills for text in drill.findings]
    general = next((drill.general for drill in drills if drill.general), ())
    findings += [Finding("", f"{step.place}: {step.why}") for step in general if step.verdict == "failed"]
    manual = tuple(ManualLine(line.kind, line.line, line.text) for line in header.procedures)
    return GamedayResult(
        document=header.document,
        platform=header.platform,
        verdict=worst,
        why=(*_why(drills, missing), *([CUT] if cut else [])),
        seconds=round(end_s - header.t_s, 1),
        findings=tuple(findings),
        drills=drills,
        procedures=manual,
        never_began=tuple(missing),
        cut=cut,
    )


def _why(drills: Sequence[DrillResult], missing: Sequence[str]) -> Iterator[str]:
    for verdict in reversed(_BADNESS):
        if names := [drill.runbook for drill in drills if drill.verdict is verdict]:
            yield f"{verdict.value}: {', '.join(names)}"
    if missing:
        yield f"never began: {', '.join(missing)}"
    if not drills and not missing:
        yield "no drill was run"

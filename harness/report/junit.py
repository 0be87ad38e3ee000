"""The report format `junit`: JUnit XML for CI systems; docs/how-to/ci.md explains failure, error and skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal
from xml.etree import ElementTree

from harness.report.alerts import reasons
from harness.report.base import ReportFormat
from harness.report.format import NO_DATA, one_line, show_control, show_estimate, show_evidence
from harness.verdict.gameday import CUT, NEVER_STARTED, GamedayResult, ManualLine
from harness.verdict.measurement import Measurement
from harness.verdict.procedures import RowResult
from harness.verdict.result import DashboardResult, DrillResult, SloResult, StepResult, SymptomResult, Verdict

Outcome = Literal["passed", "failure", "error", "skipped"]
"""`error`: inconclusive; `skipped`: has no influence on the verdict."""
_OF_DRILL: dict[Verdict, Outcome] = {
    Verdict.PASSED: "passed",
    Verdict.FAILED: "failure",
    Verdict.INCONCLUSIVE: "error",
}
_OF_ROW: dict[str, Outcome] = {"missed": "failure", "met": "passed"}
"""A level that was reached is none of these: whether what the row asks for was done there, only a person knows."""
_OF_PART: dict[str, Outcome] = {"ok": "passed", "failed": "failure", "refused": "failure"}


@dataclass(frozen=True)
class Case:
    """One testcase: a part of the runbook with its line, and its outcome."""

    name: str
    line: int | None
    outcome: Outcome
    why: str
    output: str = ""
    seconds: float = 0.0
    """The duration of a drill includes that of its steps."""


def to_junit(result: GamedayResult) -> str:
    """The whole result as JUnit XML: a testsuite per drill, one for the general steps, one for the procedures."""
    root = ElementTree.Element("testsuites", {"name": "gameday", "time": _seconds(result.seconds)})
    for drill in result.drills:
        suite = _suite(drill.runbook, result.document, list(_drill(drill)), _spent(drill))
        suite.insert(0, _properties(drill, result.platform))
        root.append(suite)
    for runbook in result.never_began:
        never = Case(f"{runbook} drill", None, "error", NEVER_STARTED)
        root.append(_suite(runbook, result.document, [never], 0.0))
    if result.cut:
        cut = Case("record", None, "error", CUT)
        root.append(_suite("run", result.document, [cut], 0.0))
    general = [_general(step) for step in result.general]
    if general:
        root.append(_suite("general", result.document, general, sum(case.seconds for case in general)))
    if result.rows:
        rows = [*map(_row, result.rows), *map(_for_people, result.procedures_for_people)]
        root.append(_suite("procedures", result.document, rows, 0.0))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _row(row: RowResult) -> Case:
    """A row of an alert or escalation procedure: a missed time limit is a failure."""
    name = f"{row.row.kind} procedure: line {row.row.line}: {row.row.text}"
    return Case(name, row.row.line, _OF_ROW.get(row.verdict, "skipped"), f"{row.verdict}: {reasons(row)}")


def _for_people(line: ManualLine) -> Case:
    name = f"{line.kind} procedure: line {line.line}: {line.text}"
    return Case(name, line.line, "skipped", "only a person can follow it; `gameday postmortem` writes what it asks for")


def _drill(drill: DrillResult) -> Iterator[Case]:
    """The drill and its parts. Each name begins with the incident class and the variant of its fault."""
    reasons = "; ".join(drill.why)
    outcome, why = _OF_DRILL[drill.verdict], drill.cause or reasons
    cases = [Case(f"drill: {drill.title}", drill.line, outcome, why, reasons if drill.cause else "", _spent(drill))]
    cases += [_symptom(symptom, drill) for symptom in drill.symptoms]
    as_part = _not_deciding if drill.response else _as_it_is
    cases += [as_part(_step(step)) for step in drill.steps]
    cases += [_slo(slo, drill.line) for slo in drill.slos]
    cases += [as_part(_dashboard(board)) for board in drill.dashboards]
    variant = drill.fault or "no fault"
    yield from (replace(case, name=f"{drill.runbook} [{variant}] {case.name}") for case in cases)


def _properties(drill: DrillResult, platform: str) -> ElementTree.Element:
    """What a dashboard of test results plots: α, and per SLO and load series n, the value and the P95."""
    found = ElementTree.Element("properties")
    for name, value in _values(drill, platform):
        ElementTree.SubElement(found, "property", {"name": _clean(name), "value": _clean(value)})
    return found


def _values(drill: DrillResult, platform: str) -> Iterator[tuple[str, str]]:
    yield from {"runbook": drill.runbook, "fault": drill.fault, "platform": platform}.items()
    yield from {"verdict": drill.verdict.value, "cause": drill.cause, "alpha": f"{drill.alpha:g}"}.items()
    if drill.sequential:
        yield "control", show_control(drill.sequential)
    for slo in drill.slos:
        yield f"slo.{slo.name}.objective", slo.objective
        for part, measured in (("before", slo.before), ("during", slo.during), ("after", slo.after)):
            if measured is not None and measured.n:
                yield f"slo.{slo.name}.{part}.n", f"{measured.n}"
            if measured is not None and measured.value is not None:
                yield f"slo.{slo.name}.{part}.value", f"{measured.value:.6g}"
    for latency in drill.latencies:
        if latency.p95_ms is not None:
            yield f"load.{latency.series}.{latency.part}.n", f"{latency.n}"
            yield f"load.{latency.series}.{latency.part}.p95_ms", f"{latency.p95_ms:.6g}"


def _symptom(symptom: SymptomResult, drill: DrillResult) -> Case:
    """A missing symptom is an error and not a failure: the incident was not the documented one."""
    name = f"symptom: {symptom.text}"
    if symptom.seen:
        return Case(
            name, symptom.line, "passed", f"observed {symptom.seen_after_s:.1f} s after the fault: {symptom.condition}"
        )
    if symptom.condition is None:
        return Case(name, symptom.line, "error", "bound to no condition; bind it in gameday.yaml")
    if not any(phase.phase == "fault" for phase in drill.phases):
        return Case(name, symptom.line, "skipped", "the drill ended before the fault")
    if not drill.waited_for_symptoms:
        return Case(name, symptom.line, "skipped", "the drill ended before it was known")
    return Case(name, symptom.line, "error", f"not observed: {symptom.condition}")


def _step(step: StepResult) -> Case:
    facts = step.facts
    name = f"{facts.kind}: {facts.text}"
    return Case(name, facts.line, _OF_PART.get(step.verdict, "skipped"), step.why, _output(step), facts.seconds)


def _general(step: StepResult) -> Case:
    """General steps have no influence on the verdict, so a failed one is skipped and not a failure."""
    return _not_deciding(_step(step))


def _as_it_is(case: Case) -> Case:
    return case


def _not_deciding(case: Case) -> Case:
    """A part without influence on the verdict, such as the steps that a person tried."""
    return case if case.outcome != "failure" else replace(case, outcome="skipped", why=f"failed: {case.why}")


def _output(step: StepResult) -> str:
    """The command as executed, its output as far as the record has it, its exit status and its changes."""
    facts = step.facts
    parts = [f"$ {facts.bound}"] if facts.bound else []
    parts += [text.rstrip("\n") for text in (facts.stdout, facts.stderr) if text]
    parts += [f"exit status {facts.exit_status}"] if facts.exit_status is not None else []
    parts += [f"changed: {change}" for change in facts.changed] + [f"note: {note}" for note in facts.notes]
    parts += [f"complete output: {facts.stdout_file}"] if facts.stdout_file else []
    return "\n".join(parts)


def _slo(slo: SloResult, line: int) -> Case:
    """Did the SLO recover, and hold after the revert? Without a baseline that is not decidable."""
    outcome, why = _recovery(slo)
    shown = [
        f"{when}: {_measurement(measurement, slo.unit)}"
        for when, measurement in (
            ("before", slo.before),
            ("during", slo.during),
            ("after", slo.after),
            ("after the revert", slo.after_revert),
            ("control", slo.control),
        )
    ]
    return Case(f"slo: {slo.name}", line, outcome, f"{slo.objective}: {why}", "\n".join(shown))


def _recovery(slo: SloResult) -> tuple[Outcome, str]:
    if slo.before is None or slo.before.holds is not True:
        return "error", "no baseline: the SLO did not hold before the fault"
    if slo.after is None:
        return "skipped", "the drill ended before the recovery"
    if slo.after.holds is None:
        return "error", "undecided whether it recovered"
    if not slo.after.holds:
        return "failure", "it did not recover"
    if slo.after_revert is None or slo.after_revert.holds is not True:
        return "error", "it recovered, but is not shown to hold after the revert"
    return "passed", "it recovered, and held after the revert"


def _measurement(measurement: Measurement | None, unit: str) -> str:
    estimate = show_estimate(measurement, unit)
    return estimate if estimate == NO_DATA else f"{estimate}, {show_evidence(measurement)}"


def _dashboard(board: DashboardResult) -> Case:
    name = f"dashboard: {board.system}: {board.name}"
    return Case(name, board.line, _OF_PART.get(board.verdict, "skipped"), board.why)


def _spent(drill: DrillResult) -> float:
    return sum(phase.seconds for phase in drill.phases)


def _suite(name: str, document: str, cases: Sequence[Case], seconds: float) -> ElementTree.Element:
    outcomes = Counter(case.outcome for case in cases)
    counts = {"tests": len(cases), "failures": outcomes["failure"], "errors": outcomes["error"]}
    attributes = {key: str(value) for key, value in {**counts, "skipped": outcomes["skipped"]}.items()}
    suite = ElementTree.Element(
        "testsuite", {"name": _clean(name), **attributes, "time": _seconds(seconds), "file": _clean(document)}
    )
    classname = f"{PurePath(document).stem.replace('.', '_')}.{name}"
    seen: Counter[str] = Counter()
    for case in cases:
        title = one_line(case.name)
        seen[title] += 1
        title += f" ({seen[title]})" if seen[title] > 1 else ""
        suite.append(_testcase(case, {"name": _clean(title), "classname": _clean(classname), "file": _clean(document)}))
    return suite


def _testcase(case: Case, attributes: dict[str, str]) -> ElementTree.Element:
    """The element of a case. Its name is unique in its suite: most readers merge cases with the same name."""
    place = {} if case.line is None else {"line": str(case.line)}
    found = ElementTree.Element("testcase", {**attributes, **place, "time": _seconds(case.seconds)})
    why = _clean(case.why)
    if case.outcome != "passed":
        fact = ElementTree.SubElement(found, case.outcome, {"message": why})
        fact.text = why if case.line is None else f"{attributes['file']}:{case.line}: {why}"
    output = "\n".join(part for part in (why if case.outcome == "passed" else "", _clean(case.output)) if part)
    if output:
        ElementTree.SubElement(found, "system-out").text = output
    return found


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"


def _clean(text: str) -> str:
    """The text with characters that XML 1.0 cannot contain (control characters, lone surrogates) escaped: `\\x1b`."""
    return "".join(sign if _is_xml(ord(sign)) else ascii(sign)[1:-1] for sign in text)


def _is_xml(code: int) -> bool:
    return code in (0x9, 0xA) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


FORMAT = ReportFormat("junit", "junit.xml", to_junit)

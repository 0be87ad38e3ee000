"""Checks that the figures of a result do not contradict each other, within `result.json` and between the renderings."""

from __future__ import annotations

import html
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from harness.app import render
from harness.conditions import parse
from harness.report.format import printable
from harness.verdict.gameday import GamedayResult
from harness.verdict.quantities import show_number

Json = Mapping[str, Any]
FORMATS = ("html", "json", "junit", "markdown", "sarif", "text")
FILES = {
    "html": "report.html",
    "json": "result.json",
    "junit": "junit.xml",
    "markdown": "summary.md",
    "sarif": "findings.sarif",
}
"""The files of a result in a run directory, by format."""
_WORST = ("passed", "inconclusive", "failed")
_PARTS = ("before", "control_before", "during", "after", "control", "after_revert")
_TINY, _ROUNDED_S, _HALF_DIGIT = 2e-6, 0.051, 5e-7
"""Rounding of numbers in result.json, and of seconds shown with one decimal."""


def problems(renderings: Mapping[str, str]) -> list[str]:
    """A line per contradiction in the renderings of one result, by name of the format; `json` must be among them."""
    whole: Json = json.loads(renderings["json"])
    found = [*_whole(whole), *_rows(whole)]
    found += [f"{drill['runbook']}: {each}" for drill in whole["drills"] for each in _drill(drill)]
    if "junit" in renderings:
        found += [f"junit: {each}" for each in _junit(whole, ElementTree.fromstring(renderings["junit"]))]
    if "sarif" in renderings:
        found += [f"sarif: {each}" for each in _sarif(whole, json.loads(renderings["sarif"]))]
    for name in renderings.keys() - {"json", "junit", "sarif"}:
        found += [f"{name}: {each}" for each in _prose(whole, _plain(renderings[name]))]
    return found


def without_contradiction(result: GamedayResult) -> GamedayResult:
    """The same result; an AssertionError when the figures of its renderings contradict each other."""
    found = problems({name: render(result, name) for name in FORMATS})
    assert not found, "\n".join(found)
    return result


def check_files(folder: Path) -> None:
    """An AssertionError when the files of a run's result contradict each other; nothing for a run without a result."""
    files = {name: folder / file for name, file in FILES.items()}
    if files["json"].exists():
        found = problems({name: path.read_text(encoding="utf-8") for name, path in files.items()})
        assert not found, "\n".join(found)


# -- result.json -------------------------------------------------------------------------------------------------------


def _whole(whole: Json) -> Iterator[str]:
    verdicts = [drill["verdict"] for drill in whole["drills"]]
    worst = max(verdicts, key=_WORST.index, default="inconclusive")
    if _WORST.index(whole["verdict"]) < _WORST.index(worst):
        yield f"the verdict is {whole['verdict']}, that of a drill is {worst}"
    if whole["verdict"] == "failed" and worst != "failed":
        yield "failed without a failed drill"
    if (whole["verdict"] == "passed") != (whole["cause"] == ""):
        yield f"the verdict is {whole['verdict']}, the cause `{whole['cause']}`"
    for drill in whole["drills"]:
        if sum(phase["seconds"] for phase in drill["phases"]) > whole["seconds"] + _ROUNDED_S * 10:
            yield f"{drill['runbook']}: its phases last longer than the run"


def _rows(whole: Json) -> Iterator[str]:
    """A row of a procedure is as its worst drill, and a time limit was met exactly if the time is within it."""
    alerted = {drill["runbook"] for drill in whole["drills"] if drill["alerts"]}
    for row in (row for row in whole["procedures"] if "drills" in row):
        verdicts = [each["verdict"] for each in row["drills"]]
        if row["verdict"] not in verdicts or ("missed" in verdicts) != (row["verdict"] == "missed"):
            yield f"line {row['line']}: {row['verdict']}, but its drills say {verdicts}"
        if {each["runbook"] for each in row["drills"]} != alerted:
            yield f"line {row['line']}: the drills with alerts are {sorted(alerted)}"
        for each in row["drills"]:
            timed = each["verdict"] in ("met", "missed") and each["seconds"] is not None
            if timed and (each["seconds"] <= row["deadline_s"]) != (each["verdict"] == "met"):
                yield f"line {row['line']}: {each['seconds']} s of {row['deadline_s']} s is {each['verdict']}"


def _alerts(drill: Json) -> Iterator[str]:
    """Alerts are raised after the fault, in order; what was done about one follows it, in order."""
    raised = [alert["raised_s"] for alert in drill["alerts"]]
    if raised != sorted(raised) or any(seconds < 0 for seconds in raised):
        yield f"alerts were raised after {raised} s"
    for alert in drill["alerts"]:
        after = [each["after_s"] for each in alert["handled"]]
        if after != sorted(after) or any(seconds < 0 for seconds in (*after, alert["open_s"])):
            yield f"alert {alert['alert']} was handled after {after} s and open for {alert['open_s']} s"
        if drill["verdict"] == "passed" and any(each["level"] > 1 for each in alert["handled"]):
            yield f"passed, but alert {alert['alert']} was escalated"


def _drill(drill: Json) -> Iterator[str]:
    yield from _times(drill)
    yield from _alerts(drill)
    for slo in drill["slos"]:
        yield from (f"{slo['name']}: {each}" for each in _slo(slo, drill))
    for step in drill["steps"]:
        yield from (f"line {step['line']}: {each}" for each in _step(step))
    yield from _verdict(drill)


def _times(drill: Json) -> Iterator[str]:
    """Detected, then recovered; each within its interval, which has a width."""
    detect, recover = drill["detect_s"], drill["recover_s"]
    onset, recovery = drill["onset_interval_s"], drill["recover_interval_s"]
    seen = [symptom["seen_after_s"] for symptom in drill["symptoms"] if symptom["seen"]]
    if (detect is None) != (not seen) or (seen and abs(min(seen) - detect) > _ROUNDED_S):
        yield f"detect_s {detect}, but the first symptom was seen after {min(seen, default=None)}"
    for name, span in (("onset_interval_s", onset), ("recover_interval_s", recovery)):
        if span and not 0 <= span[0] < span[1]:
            yield f"{name} {span} has no width"
    if onset and (detect is None or onset[1] > detect + _TINY):
        yield f"onset_interval_s {onset} ends after detect_s {detect}"
    if recovery and (recover is None or not recovery[0] - _TINY <= recover <= recovery[1] + _TINY):
        yield f"recover_s {recover} is not in recover_interval_s {recovery}"
    if recover is not None and (recovery is None or (detect is not None and detect > recover)):
        yield f"recover_s {recover} without an interval, or before detect_s {detect}"
    yield from (f"phase {each['phase']}: {each['seconds']} s" for each in drill["phases"] if each["seconds"] < 0)


def _slo(slo: Json, drill: Json) -> Iterator[str]:
    for part in _PARTS:
        yield from (f"{part}: {each}" for each in _measurement(slo[part]))
    during, begun = slo["during"], {phase["phase"] for phase in drill["phases"]}
    if "response" in begun and during["samples"] and during["seconds"] < 1:
        yield f"during: {during['seconds']} s only"
    if budget := slo["budget"]:
        for name in ("spent", "burn_rate"):
            yield from _within(budget[name], budget[f"{name}_interval"], f"budget: {name}")
        if budget["seconds"] < 0 or budget["window_s"] <= 0:
            yield f"budget: {budget['seconds']} s of {budget['window_s']} s"


def _measurement(found: Json) -> Iterator[str]:
    if not found["samples"]:
        if found["value"] is not None or found["holds"] is not None:
            yield "a value without samples"
        return
    yield from _within(found["value"], found["interval"], "value")
    yield from _within(found["bad"], found["bad_interval"], "bad")
    if found["interval"] and not found["alpha"]:
        yield "an interval without its α"
    if (found["counted"] == "samples") != (found["range"] is not None) or (found["range"] and found["interval"]):
        yield f"{found['counted']} with the range {found['range']} and the interval {found['interval']}"
    if found["range"] and not found["range"][0] - _TINY <= found["value"] <= found["range"][1] + _TINY:
        yield f"value {found['value']} is not in the range {found['range']}"
    if found["effective"] is not None and abs(found["effective"] * found["vif"] - found["samples"]) > 0.01:
        yield f"{found['samples']} samples / VIF {found['vif']} is not {found['effective']}"
    if found["bad"] is not None and not 0 <= found["bad"] <= 1:
        yield f"bad fraction {found['bad']}"


def _within(value: float | None, interval: list[float | None] | None, name: str) -> Iterator[str]:
    """A value lies in its interval, and an interval has a width; no upper end is no upper limit."""
    if interval is None:
        return
    low, high = interval
    if low is None or (high is not None and low >= high):
        yield f"{name}: interval {interval} has no width"
    elif value is not None and not (low - _TINY <= value and (high is None or value <= high + _TINY)):
        yield f"{name} {value} is not in {interval}"


def _step(step: Json) -> Iterator[str]:
    if step["ran"] is False and (step["exit_status"] is not None or step["verdict"] == "ok"):
        yield "not run, but with an outcome"
    for effect in step["slis"]:
        before, after = effect["bad_before"], effect["bad_after"]
        if effect["moved"] and (before is None or after is None or before == after):
            yield f"{effect['slo']} moved from {before} to {after}"


def _verdict(drill: Json) -> Iterator[str]:
    as_written = drill["response"] is None  # otherwise the steps of the document decide nothing
    manual = sum(step["verdict"] == "manual" for step in drill["steps"]) if as_written else 0
    found = re.search(r"(\d+) steps? (?:is|are) left to a person", " ".join(drill["why"]))
    if drill["verdict"] == "passed" and (int(found[1]) if found else 0) != manual:
        yield f"{manual} steps for a person, but the reasons are {drill['why']}"
    if (drill["verdict"] == "passed") != (drill["cause"] == ""):
        yield f"{drill['verdict']}, but the cause is `{drill['cause']}`"
    if drill["verdict"] != "passed":
        if not drill["why"]:
            yield f"{drill['verdict']} without a reason"
        yield from _cause(drill)
        return
    needed = {
        "a symptom was not seen": all(symptom["seen"] for symptom in drill["symptoms"]),
        "not controlled": drill["controlled"],
        "not reverted": drill["reverted"],
        "no recovery": drill["recover_s"] is not None,
        "a step failed": not (as_written and any(step["verdict"] in ("failed", "refused") for step in drill["steps"])),
        "an SLO does not hold": all(slo["after"]["holds"] and slo["after_revert"]["holds"] for slo in drill["slos"]),
    }
    yield from (f"passed, but {fact}" for fact, holds in needed.items() if not holds)


def _cause(drill: Json) -> Iterator[str]:
    """The cause is one line, and has n and the objective as soon as anything was measured."""
    cause = drill["cause"]
    measured = any(slo[part]["samples"] for slo in drill["slos"] for part in ("before", "during", "after"))
    if "\n" in cause or (
        measured and not re.search(r"objective .+, n \d+|\d+ arrivals|\d+ samples|not enough data|…$", cause)
    ):
        yield f"the cause has no objective and n: {cause}"


# -- the other renderings ----------------------------------------------------------------------------------------------


def _sarif(whole: Json, sarif: Json) -> Iterator[str]:
    """Every drill that is not passed, and every failed step, is a result."""
    results = sarif["runs"][0]["results"]
    for rule, verdict in (("drill-failed", "failed"), ("drill-inconclusive", "inconclusive")):
        texts = [each["message"]["text"] for each in results if each["ruleId"] == rule]
        said = [text.split()[0] for text in texts]
        for drill in whole["drills"]:
            if (drill["verdict"] == verdict) is not (drill["runbook"] in said):
                yield f"{drill['runbook']} is {drill['verdict']}, {rule} names {said}"
            elif drill["runbook"] in said and not any(text.endswith(drill["cause"]) for text in texts):
                yield f"{drill['runbook']}: no cause `{drill['cause']}`"
    lines = {
        each["locations"][0]["physicalLocation"]["region"]["startLine"]
        for each in results
        if each["ruleId"] == "step-failed"
    }
    failed = {
        step["line"] for drill in whole["drills"] for step in drill["steps"] if step["verdict"] in ("failed", "refused")
    }
    if lines != failed:
        yield f"failed steps at the lines {sorted(lines)} in place of {sorted(failed)}"


def _junit(whole: Json, root: ElementTree.Element) -> Iterator[str]:
    counted = {"tests": "testcase", "failures": "failure", "errors": "error"}
    for element in (root, *root.iter("testsuite")):
        for name, tag in counted.items():
            if int(element.get(name, "-1")) != (number := sum(1 for _ in element.iter(tag))):
                yield f"{element.get('name')}: {name} is {element.get(name)}, there are {number}"
    missed = sum(row["verdict"] == "missed" for row in whole["procedures"])
    failures, errors = int(root.get("failures", "0")) - missed, int(root.get("errors", "0"))
    expected = "failed" if failures else "inconclusive" if errors else "passed"
    if whole["verdict"] == "passed" != expected or (whole["verdict"] == "failed" and not failures):
        yield f"{failures} failures and {errors} errors, the verdict is {whole['verdict']}"
    suites = {suite.get("name"): suite for suite in root}
    if "procedures" in suites:
        suite = suites["procedures"]
        if (len(suite), int(suite.get("failures", "-1"))) != (len(whole["procedures"]), missed):
            yield f"procedures: {len(suite)} rows, {suite.get('failures')} failures, in place of {missed} missed"
    for drill in whole["drills"]:
        yield from (f"{drill['runbook']}: {each}" for each in _suite(drill, suites[drill["runbook"]]))


def _suite(drill: Json, suite: ElementTree.Element) -> Iterator[str]:
    cases, parts = suite.findall("testcase"), ("symptoms", "steps", "slos", "dashboards")
    outcome = {"passed": None, "failed": "failure", "inconclusive": "error"}[drill["verdict"]]
    if {child.tag for child in cases[0]} - {"system-out"} != ({outcome} if outcome else set()):
        yield f"the case of the drill does not say {drill['verdict']}"
    if len(cases) != 1 + sum(len(drill[part]) for part in parts):
        yield f"{len(cases)} cases"
    if outcome and _words(cases[0].find(outcome).get("message")) != _words(drill["cause"]):  # type: ignore[union-attr]
        yield f"the message of its case is not the cause `{drill['cause']}`"
    head = f"{drill['runbook']} [{drill['fault'] or 'no fault'}] "
    yield from (f"{case.get('name')} does not begin with {head}" for case in cases if not _begins(case, head))
    yield from _properties(drill, {each.get("name"): each.get("value") for each in suite.iter("property")})
    text = _plain(" ".join(itertools.chain.from_iterable(case.itertext() for case in cases)))
    yield from _missing(_estimates(drill), text)


def _begins(case: ElementTree.Element, head: str) -> bool:
    return (case.get("name") or "").startswith(head)


def _properties(drill: Json, found: Mapping[str | None, str | None]) -> Iterator[str]:
    """The properties have α, and n and the value of every SLO and every P95 of result.json."""
    wanted = {"alpha": f"{drill['alpha']:g}", "fault": drill["fault"], "cause": drill["cause"]}
    for slo in drill["slos"]:
        for part in ("before", "during", "after"):
            if slo[part]["samples"]:
                wanted[f"slo.{slo['name']}.{part}.n"] = f"{slo[part]['samples']}"
    for each in drill["latencies"]:
        if each["p95_ms"] is not None:
            wanted[f"load.{each['series']}.{each['part']}.n"] = f"{each['samples']}"
            wanted[f"load.{each['series']}.{each['part']}.p95_ms"] = f"{each['p95_ms']:.6g}"
    yield from (
        f"property {name} is {found.get(name)}, not {value}"
        for name, value in wanted.items()
        if _words(found.get(name) or "") != _words(value)
    )


def _prose(whole: Json, text: str) -> Iterator[str]:
    """The verdicts, times and estimates of result.json, as the text shows them."""
    for drill in whole["drills"]:
        where = drill["runbook"]
        if not re.search(rf"{re.escape(where)}\b[^\n]*\b{drill['verdict']}\b", text, re.IGNORECASE):
            yield f"{where}: not {drill['verdict']}"
        times = [drill["detect_s"], drill["recover_s"], *(phase["seconds"] for phase in drill["phases"])]
        shown = [(f"{seconds:.1f}",) for seconds in times if seconds is not None]
        yield from (f"{where}: {each}" for each in _missing((*shown, *_estimates(drill)), text))
        if _words(drill["cause"]) not in _words(text):
            yield f"{where}: no cause `{drill['cause']}`"
    if _words(whole["cause"]) not in _words(text):
        yield f"no cause `{whole['cause']}`"


def _words(text: str) -> str:
    """The text as a terminal shows it, without marks and line ends."""
    return " ".join(_plain(printable(text)).split())


def _missing(figures: Iterable[tuple[str, ...]], text: str) -> Iterator[str]:
    """The figures of which no form is in the text."""
    yield from (f"no `{forms[0]}`" for forms in figures if not any(form in text for form in forms))


def _estimates(drill: Json) -> Iterator[tuple[str, ...]]:
    """The value and the number of samples of each SLO before, during and after the incident, each as it may be shown.

    The value is rounded in result.json, so that the text may show what a slightly smaller or larger one has.
    """
    for slo in drill["slos"]:
        unit = parse(slo["objective"]).unit
        for part in ("before", "during", "after"):
            found = slo[part]
            if found["samples"] and found["value"] is not None:
                near = (found["value"], found["value"] - _HALF_DIGIT, found["value"] + _HALF_DIGIT)
                yield tuple(_number(show_number(value, unit)) for value in near)
                yield (f"{found['samples']}",)


def _number(shown: str) -> str:
    """The digits of `412 ms` that every number of decimals begins with."""
    return shown.split(" ", maxsplit=1)[0].removesuffix(".0")


def _plain(text: str) -> str:
    """The words of a rendering, without marks, entities and scripts."""
    text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"</?[a-z][^>]*>|[`*]", "", text)).replace("\\|", "|")

"""The report format `junit`: names, places and outcomes of the test cases, and valid XML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from junitparser import Error, Failure, JUnitXml, Skipped, TestCase

from harness.record.events import RunStarted
from harness.record.journal import read_events
from harness.report.junit import to_junit
from harness.verdict.gameday import GamedayResult, judge_record
from tests.support.junit import problems
from tests.support.simulated_drill import World, incident, ran
from tests.support.step_facts import GONE, MANUAL, SCALE


def result_of(folder: Path, **parts: object) -> GamedayResult:
    return World(folder, incident, **parts).run()  # type: ignore[arg-type]


def cases(result: GamedayResult) -> dict[str, TestCase]:
    """The test cases of a result by name, after a check against the schema."""
    text = to_junit(result)
    assert problems(text) == []
    return {
        (case.name or "").removeprefix("WEB [f] "): case
        for suite in JUnitXml.fromstring(text.encode())
        for case in suite
    }


def outcome(case: TestCase) -> type | None:
    return type(case.result[0]) if case.result else None


def test_each_drill_symptom_step_and_slo_is_a_case_with_file_and_line(tmp_path: Path) -> None:
    found = cases(result_of(tmp_path))
    places = {name: (case.classname, case._elem.get("file"), case._elem.get("line")) for name, case in found.items()}
    assert places == {
        "drill: Web": ("ops.WEB", "ops.md", "1"),
        "symptom: errors": ("ops.WEB", "ops.md", "10"),
        "command: kubectl scale deployment web --replicas=3": ("ops.WEB", "ops.md", "30"),
        "slo: availability": ("ops.WEB", "ops.md", "1"),
    }
    assert {outcome(case) for case in found.values()} == {None}
    assert found["symptom: errors"].system_out.startswith("observed 1.5 s after the fault: error_rate(gateway) > 5%")


def test_case_of_a_step_has_its_command_and_output(tmp_path: Path) -> None:
    step = replace(
        ran("read", "kubectl get pods | cat", changed=()),
        stdout="NAME\nweb-1\n", stderr="warned\n", stdout_file="drills/WEB/steps/01.out", seconds=1.25,
    )  # fmt: skip
    case = cases(result_of(tmp_path, steps=(step,)))["command: kubectl get pods | cat"]
    assert case.time == 1.25
    for said in ("$ kubectl get pods | cat\nNAME\nweb-1\nwarned\nexit status 0", "drills/WEB/steps/01.out"):
        assert said in case.system_out


def test_failed_step_is_a_failure_and_so_is_its_drill(tmp_path: Path) -> None:
    found = cases(result_of(tmp_path, steps=(GONE, MANUAL, SCALE)))
    (failure,) = found["command: kubectl get pods -n production"].result
    assert isinstance(failure, Failure)
    assert failure.text == f"ops.md:30: {failure.message}"
    assert "exit" in failure.message or "status 1" in failure.message, failure.message
    assert outcome(found["drill: Web"]) is Failure
    assert outcome(found["action: Ask the team"]) is Skipped
    assert outcome(found["slo: availability"]) is None, "the SLO did come back"


def test_slo_that_does_not_recover_is_a_failure(tmp_path: Path) -> None:
    found = cases(result_of(tmp_path, heals=False))
    assert outcome(found["slo: availability"]) is Failure
    assert found["slo: availability"].result[0].message == "availability(gateway) >= 99%: it did not recover"
    assert outcome(found["drill: Web"]) is Failure
    assert outcome(found["symptom: errors"]) is None


def test_missing_symptom_is_an_error_and_not_a_failure(tmp_path: Path) -> None:
    symptoms = (("errors", "error_rate(gateway) > 5%"), ("slow", "p95(gateway) > 9s"), ("odd", None))
    found = cases(result_of(tmp_path, symptoms=symptoms))
    assert {name: outcome(case) for name, case in found.items() if case.result} == {
        "drill: Web": Error,
        "symptom: slow": Error,
        "symptom: odd": Error,
        "slo: availability": Skipped,
    }
    assert found["symptom: slow"].result[0].message == "not observed: p95(gateway) > 9s"


def test_parts_that_a_drill_did_not_reach_are_skipped_or_errors(tmp_path: Path) -> None:
    world = World(tmp_path, lambda side, since, healed: 0.5)
    found = cases(world.run())
    assert {name: outcome(case) for name, case in found.items()} == {
        "drill: Web": Error,
        "symptom: errors": Skipped,
        "slo: availability": Error,
    }


def test_drill_that_never_started_is_an_error(tmp_path: Path) -> None:
    result_of(tmp_path)
    header, *events = read_events(tmp_path / "record.jsonl")
    assert isinstance(header, RunStarted)
    result = judge_record([replace(header, drills=("WEB", "LATER")), *events])
    text = to_junit(result)
    later = next(suite for suite in JUnitXml.fromstring(text.encode()) if suite.name == "LATER")
    assert (later.tests, later.errors) == (1, 1)
    assert problems(text) == []


def test_record_without_the_end_of_the_run_is_an_error(tmp_path: Path) -> None:
    result_of(tmp_path)
    text = to_junit(judge_record(list(read_events(tmp_path / "record.jsonl"))[:-1]))
    suites = {suite.name: suite for suite in JUnitXml.fromstring(text.encode())}
    assert {name: suite.errors for name, suite in suites.items()} == {"WEB": 0, "run": 1}
    assert problems(text) == []


def test_failed_general_step_is_skipped_and_not_a_failure(tmp_path: Path) -> None:
    general = replace(GONE, kind="general", line=200)
    found = cases(result_of(tmp_path, steps=(SCALE, general)))
    case = found["general: kubectl get pods -n production"]
    assert (case.classname, outcome(case)) == ("ops.general", Skipped)
    assert case.result[0].message.startswith("failed: ")
    assert outcome(found["drill: Web"]) is None


def test_steps_with_the_same_text_are_numbered(tmp_path: Path) -> None:
    found = cases(result_of(tmp_path, steps=(SCALE, SCALE)))
    assert {name for name in found if name.startswith("command")} == {
        "command: kubectl scale deployment web --replicas=3",
        "command: kubectl scale deployment web --replicas=3 (2)",
    }


@pytest.mark.parametrize("sign", ["\x1b[31m", "\0", "\ufffe", "\ud800", "\r", "]]>", '<&">'])
def test_output_with_any_character_gives_valid_xml(sign: str, tmp_path: Path) -> None:
    result = result_of(tmp_path)
    (drill,), facts = result.drills, replace(SCALE, stdout=f"a{sign}b")
    steps = (replace(drill.steps[0], facts=facts),)
    text = to_junit(replace(result, drills=(replace(drill, steps=steps),)))
    text.encode()
    said = next(case for case in ElementTree.fromstring(text).iter("testcase") if "command" in case.get("name", ""))
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in f"a{sign}b")
    assert shown in (said.findtext("system-out") or "")


def test_schema_check_finds_each_kind_of_mistake() -> None:
    assert problems('<testsuites><testsuite name="a" tests="1" failures="0"/></testsuites>') == [
        "testsuite: no errors",
        "testsuite a: tests 1, there are 0",
    ]
    suite = '<testsuite name="a" tests="2" failures="0" errors="0">{}</testsuite>'
    twice = suite.format('<testcase name="x" nope="1" time="1.2345"/><testcase name="x"><b/></testcase>')
    assert problems(f"<testsuites>{twice}</testsuites>") == [
        "testcase: unknown nope", "testcase: time 1.2345", "b in testcase", "duplicate: (None, 'x')",
    ]  # fmt: skip

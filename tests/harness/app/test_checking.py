"""`check`: everything that is missing or wrong, at once, with its place and its runbook."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness import app
from harness.errors import BindingError, DocumentError
from tests.harness.app.test_proposing import RUNBOOK, SECOND
from tests.support.paths import BINDINGS, SLOS
from tests.support.paths import RUNBOOK as SHIPPED

DECIDED = """\
version: 1
namespace: shop
placeholders: {<pod>: web, <namespace>: shop}
toggles: {LIMIT: inference}
slos: {fast: p95(gateway) < 500ms}
faults: {slow: [{at: inference, fault: slow, factor: 3}]}
runbooks:
  SLOW:
    document: ops.md
    scenario: timeout
    service: api-gateway
    series: gateway
    fault: slow
    slos: [fast]
    symptoms:
      - {contains: 503 errors, is: 'status(gateway, 503) > 1%'}
      - {contains: Timeouts, is: 'logs(api-gateway, "timeout") > 0'}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a runbook and bindings without a problem."""
    (tmp_path / "ops.md").write_text(RUNBOOK, encoding="utf-8")
    (tmp_path / "gameday.yaml").write_text(DECIDED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*names: str) -> list[str]:
    """Each problem as `runbook place: fact`."""
    checked = app.check(app.CheckRequest(tuple(map(Path, names))))
    return [
        f"{each.runbook or '-'} {Path(each.file).name}:{each.line}:{each.column}: {each.fact}"
        for each in checked.problems
    ]


def write(place: Path, *changes: tuple[str, str]) -> None:
    text = DECIDED
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    (place / "gameday.yaml").write_text(text, encoding="utf-8")


def test_what_is_decided_has_no_problem(place: Path) -> None:
    assert found("ops.md") == found() == []


def test_the_shipped_runbook_has_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(SHIPPED, tmp_path / "ops.md")
    shutil.copy(BINDINGS, tmp_path)
    shutil.copytree(SLOS, tmp_path / "slos")
    monkeypatch.chdir(tmp_path)
    assert found("ops.md") == []


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("fault: slow\n", "fault:  # TODO which?\n"),
         "SLOW gameday.yaml:13:11: runbooks.SLOW.fault has no value: which?"),
        (("is: 'status(gateway, 503) > 1%'", "is: "),
         "SLOW gameday.yaml:16:35: runbooks.SLOW.symptoms[0].is has no value"),
        (("{<pod>: web", "{<pod>: "), "- gameday.yaml:3:22: placeholders.<pod> has no value"),
        (("LIMIT: inference", "LIMIT: "), "- gameday.yaml:4:17: toggles.LIMIT has no value"),
        (("<pod>: web, ", ""), "SLOW ops.md:16:14: the placeholder `<pod>` has no value; bind it under `placeholders`"),
        (("      - {contains: 503 errors, is: 'status(gateway, 503) > 1%'}\n", ""),
         "SLOW ops.md:10:3: the symptom `503 errors` has no condition; add it under `symptoms` in gameday.yaml"),
        (("contains: Timeouts", "contains: Timeouts!"),
         "SLOW gameday.yaml:17:9: SLOW has no symptom that contains `Timeouts!`; its symptoms: line 9, line 10"),
        (("scenario: timeout", "scenario: timeot"), "SLOW gameday.yaml:10:15: runbooks.SLOW.scenario: scenario `tim"),
        (("fault: slow\n", "fault: slaw\n"), "SLOW gameday.yaml:13:12: runbooks.SLOW.fault: there is no fault `slaw`"),
        (("factor: 3", "speed: 3"), "SLOW gameday.yaml:6:17: fault `inference: slow speed=3`: `slow` has no parameter"),
        (("    slos: [fast]", "    slos: [fast]  # TODO sure?"),
         "SLOW gameday.yaml:14:19: TODO left: sure? (decide it, then remove the comment)"),
        (("version: 1\n", "# TODO say who\nversion: 1\n"), "- gameday.yaml:1:1: TODO left: say who (decide it, then"),
        (("  SLOW:", "  FAST:"), "SLOW ops.md:5:1: SLOW is not bound; `gameday init ops.md` adds it to gameday.yaml"),
        (("  SLOW:", "  FAST:"), "FAST gameday.yaml:9:15: ops.md has no runbook FAST; it has SLOW"),
        (("version: 1\n", "version: 1\nprobes: {a: {service: web, send: GET /}}\n"),
         "- gameday.yaml:2:23: probes.a.service: there is no service `web`"),
        (("version: 1", "version: 2"), "- gameday.yaml:1:10: version: version `2` is not supported; write"),
    ],
)  # fmt: skip
def test_a_problem_has_its_runbook_and_place(place: Path, change: tuple[str, str], problem: str) -> None:
    write(place, change)
    assert [each for each in found("ops.md") if each.startswith(problem)], found("ops.md")


def test_decided_keys_of_a_draft_are_checked_too(place: Path) -> None:
    write(
        place,
        ("fault: slow\n", "fault:\n"),
        ("service: api-gateway", "service: web"),
        ("scenario: timeout", "scenario: "),
    )
    assert [each.split(": ")[1].removeprefix("runbooks.SLOW.") for each in found("ops.md")] == [
        "scenario has no value", "fault has no value", "service",
    ]  # fmt: skip


def test_an_id_of_another_document_is_a_problem(place: Path) -> None:
    (place / "other.md").write_text(RUNBOOK, encoding="utf-8")
    fact = "gameday.yaml has SLOW for ops.md; give one of the runbooks another id"
    assert found("other.md") == [f"SLOW other.md:5:1: {fact}"]


def test_a_file_that_is_no_yaml_is_a_problem_with_its_place(place: Path) -> None:
    (place / "gameday.yaml").write_text("version: 1\na: [\n", encoding="utf-8")
    (problem,) = found("ops.md")
    assert problem.startswith("- gameday.yaml:3:1: not YAML: ")


def test_a_refused_command_is_a_problem_of_its_line(place: Path) -> None:
    (place / "ops.md").write_text(RUNBOOK.replace("kubectl get pods -n shop", "ssh web-1"), encoding="utf-8")
    (problem,) = found("ops.md")
    assert problem.startswith("SLOW ops.md:18:1: refused: `ssh web-1`: ")


def test_wrong_values_open_keys_and_problems_of_the_document_are_found_together(place: Path) -> None:
    (place / "ops.md").write_text(RUNBOOK + SECOND, encoding="utf-8")
    write(place, ("scenario: timeout", "scenario: timeout\n    rate: fast"))
    assert [each.split(":")[0] for each in found("ops.md")] == ["SLOW gameday.yaml", "DOWN ops.md"]


def test_an_open_placeholder_is_one_problem_however_often_it_is_used(place: Path) -> None:
    write(place, ("<namespace>: shop", "<namespace>: "))
    assert found("ops.md") == ["- gameday.yaml:3:40: placeholders.<namespace> has no value"]


def test_a_document_that_cannot_be_read_or_tested_is_a_problem(place: Path) -> None:
    (place / "notes.md").write_text("# Notes\n", encoding="utf-8")
    absent, nothing = found("absent.md", "notes.md")
    assert absent.startswith("- absent.md:1:1: there is no such runbook document")
    assert nothing.startswith("- notes.md:1:1: nothing to test: ")


def test_without_documents_those_that_the_file_names_are_checked(place: Path) -> None:
    write(place, ("<pod>: web, ", ""))
    assert [each.split(" ")[1] for each in found()] == ["ops.md:16:14:"]
    write(place, ("    document: ops.md\n", ""))
    with pytest.raises(DocumentError, match="no `document` in its runbooks"):
        found()


def test_the_shipped_bindings_are_not_those_of_another_document(place: Path) -> None:
    (place / "gameday.yaml").unlink()
    with pytest.raises(BindingError, match="`gameday init RUNBOOK` writes one"):
        found("ops.md")

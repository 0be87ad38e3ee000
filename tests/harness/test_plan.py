"""The plan of a run: what it holds, what it finds, and what it refuses before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import bindings
from harness.bash import parse as parse_module
from harness.bindings import Bindings
from harness.errors import BindingError, DocumentError, RefusedError
from harness.model import Document
from harness.plan import check, make_plan
from harness.report.plan import to_text
from harness.runbook import parse, read
from tests.support.hostile import TITLE, control_characters
from tests.support.paths import BINDINGS, DATA, RUNBOOK

BOUND = """\
version: 1
namespace: staging
placeholders: {service-name: api}
toggles: {MAX_RETRIES: api}
slos: {fast: p99(gateway) < 1s}
faults: {f: [{at: load, fault: surge, factor: 2}]}
runbooks:
  SLOW: {scenario: timeout, service: api, series: gateway, fault: f, slos: [fast]}
  GONE: {scenario: timeout, service: api, series: gateway, fault: f, slos: [fast]}
"""


@pytest.fixture
def bound(tmp_path: Path) -> Bindings:
    (tmp_path / "gameday.yaml").write_text(BOUND)
    return bindings.load(tmp_path / "gameday.yaml")


def document(commands: str) -> Document:
    text = f"# X\n\n### SLOW: Slow\n\n**Symptoms:**\n\n- P95 > 500ms\n\n**Commands:**\n\n```bash\n{commands}\n```\n"
    return parse(f"{text}\n**Environment Toggles:**\n\n- `MAX_RETRIES`: Increase from 3 to 5\n", "ops.md")


def test_steps_have_the_placeholders_and_the_namespace_of_the_bindings(bound: Bindings) -> None:
    plan = make_plan(document("kubectl logs deployment/service-name"), bound, [])
    command, toggle = plan.steps()
    assert command.shown == "kubectl logs deployment/api"
    assert toggle.shown.startswith("kubectl set env deployment/api MAX_RETRIES=5 -n staging && ")
    check(plan)


def test_each_distinct_command_of_the_shipped_runbook_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read_document, shipped = read(RUNBOOK), bindings.load(BINDINGS)
    parsed: list[str] = []
    syntax_tree = parse_module.syntax_tree

    def counted(text: str) -> object:
        parsed.append(text)
        return syntax_tree(text)

    monkeypatch.setattr(parse_module, "syntax_tree", counted)
    plan = make_plan(read_document, shipped, [])
    steps = [step.script.text for step in plan.steps() if step.script]
    assert parsed == steps
    assert len(steps) > 20


def test_runbook_that_is_bound_but_not_in_the_document_is_a_finding(bound: Bindings) -> None:
    plan = make_plan(document("true"), bound, [])
    assert plan.findings == ("gameday.yaml binds GONE, but ops.md has no such runbook: cut, renamed or removed?",)
    assert make_plan(document("true"), bound, ["SLOW"]).findings == (), "a part of the document was asked for"


def test_runbook_that_the_bindings_have_for_another_document_is_no_finding(tmp_path: Path) -> None:
    text = BOUND.replace("GONE: {", "GONE: {document: other.md, ").replace(
        "SLOW: {", f"SLOW: {{document: {tmp_path}/ops.md, "
    )
    (tmp_path / "gameday.yaml").write_text(text)
    bound = bindings.load(tmp_path / "gameday.yaml")
    assert make_plan(parse("# X\n\n`kubectl get pods`\n", str(tmp_path / "x.md")), bound, []).findings == ()
    gone = make_plan(parse("# X\n\n`kubectl get pods`\n", str(tmp_path / "ops.md")), bound, []).findings
    assert [finding.split(",")[0] for finding in gone] == ["gameday.yaml binds SLOW"]


def test_alert_of_the_bindings_is_a_symptom_at_the_line_of_the_runbook(tmp_path: Path) -> None:
    alert = "SLOW: {symptoms: [{alert: ApiSlow, is: 'p99(gateway) > 2s'}], "
    (tmp_path / "gameday.yaml").write_text(BOUND.replace("SLOW: {", alert))
    (drill,) = make_plan(document("true"), bindings.load(tmp_path / "gameday.yaml"), []).drills
    assert [(symptom.line, symptom.text, condition and condition.text) for symptom, condition in drill.symptoms] == [
        (7, "P95 > 500ms", "p95(gateway) > 500ms"),
        (3, "the alert ApiSlow fires", "p99(gateway) > 2s"),
    ]


def test_runbook_with_an_open_key_is_not_bound_and_says_which(tmp_path: Path) -> None:
    (tmp_path / "gameday.yaml").write_text(
        BOUND.replace("fault: f, slos: [fast]}\n  GONE", "fault: , slos: [fast]}\n  GONE")
    )
    plan = make_plan(document("true"), bindings.load(tmp_path / "gameday.yaml"), [])
    assert plan.drills[0].binding is None
    place = f"{tmp_path}/gameday.yaml:8:66"
    assert f"SLOW is not drilled: {place}: runbooks.SLOW.fault has no value" in plan.findings
    assert "not bound: decide the open keys of runbooks.SLOW in gameday.yaml" in to_text(plan)


def test_runbook_without_a_binding_keeps_its_place_in_the_plan(bound: Bindings) -> None:
    (drill,) = make_plan(parse("# X\n\n### NEW: New\n\n**Symptoms:**\n\n- P95 > 500ms\n", "ops.md"), bound, []).drills
    assert (drill.runbook.id, drill.binding, drill.conditions) == ("NEW", None, ())


def test_unknown_runbook_is_refused_with_the_known_ones(bound: Bindings) -> None:
    with pytest.raises(DocumentError, match=r"--only SLOWW: ops\.md has no such runbook; it has SLOW"):
        make_plan(document("true"), bound, ["SLOWW"])


def test_all_placeholders_without_a_binding_are_reported_at_once(bound: Bindings) -> None:
    plan = make_plan(document("kubectl logs <pod>\nkubectl logs <other>\nrm x"), bound, [])
    with pytest.raises(BindingError) as refused:
        check(plan)
    assert str(refused.value).splitlines()[:2] == [
        "line 12: `<pod>` in `kubectl logs <pod>` has no binding",
        "line 13: `<other>` in `kubectl logs <other>` has no binding",
    ]


def test_all_refused_commands_are_reported_at_once(bound: Bindings) -> None:
    with pytest.raises(RefusedError) as refused:
        check(make_plan(document("rm x\ncat /etc/passwd"), bound, []))
    assert str(refused.value).splitlines() == [
        "line 12: refused: `rm x`: rm: not an allowed program",
        "line 13: refused: `cat /etc/passwd`: cat: reads the file `/etc/passwd`",
        "Nothing was run. Allowed: docs/reference/steps.md",
    ]


def test_plan_as_text_has_no_control_characters(bound: Bindings) -> None:
    text = to_text(make_plan(hostile(), bound, []))
    assert r"\x1b]0;owned" in text
    assert control_characters(text) == set()


def hostile() -> Document:
    """A document with control characters in a title, a symptom and a command."""
    parts = ("**Symptoms:**", f"- {TITLE}", "**Commands:**", f"```bash\necho '{TITLE}'\n```")
    return parse("\n\n".join(["# X", f"### SLOW: {TITLE}", *parts]) + "\n", "ops.md")


@pytest.mark.parametrize("path", [RUNBOOK, DATA / "operations-user.md"], ids=lambda path: path.stem)
def test_plan_of_the_operators_document_does_not_change(path: Path) -> None:
    _, *lines = to_text(make_plan(read(path), bindings.load(BINDINGS), [])).splitlines(keepends=True)
    assert "".join(lines) == (DATA / f"{path.stem}.plan.txt").read_text()


def test_symptom_that_states_two_conditions_needs_both(bound: Bindings) -> None:
    text = "# X\n\n### SLOW: Slow\n\n**Symptoms:**\n\n- P50 > 100ms and P95 > 500ms\n- It is slow\n"
    (drill,) = make_plan(parse(text, "ops.md"), bound, []).drills
    assert [(symptom.line, condition and condition.text) for symptom, condition in drill.symptoms] == [
        (7, "p50(gateway) > 100ms"),
        (7, "p95(gateway) > 500ms"),
        (8, None),
    ]

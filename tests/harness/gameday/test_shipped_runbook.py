"""The shipped document with all four incidents on the local platform, with the verdicts that the README shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import psutil
import pytest
from jsonschema import Draft202012Validator

from harness.record.schema import record_schema
from tests.support.figures import FILES
from tests.support.gameday import gameday, left, of_folder, running, tree
from tests.support.paths import RUNBOOK

pytestmark = pytest.mark.slow
JOBS = 3
LIMIT_S = 400.0
VERDICTS = {"TIMEOUT": "passed", "TOOL_DOWN": "passed", "VALIDATION_FAIL": "passed", "WS_OVERLOAD": "passed"}


@dataclass
class Done:
    """A finished run: exit code, output and result, the addresses that were listened on, and what it left behind."""

    folder: Path
    status: int = -1
    stdout: str = ""
    stderr: str = ""
    listening: set[str] = field(default_factory=set)
    left: list[str] = field(default_factory=list)
    tree_before: str = ""
    tree_after: str = ""

    @property
    def result(self) -> Mapping[str, Any]:
        return dict(json.loads((self.folder / "result.json").read_text(encoding="utf-8")))

    @property
    def drills(self) -> Mapping[str, Mapping[str, Any]]:
        return {drill["runbook"]: drill for drill in self.result["drills"]}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("gameday")
    done = Done(folder / "run", tree_before=tree())
    with running("run", RUNBOOK, "--jobs", str(JOBS), "--out", done.folder, cwd=folder) as run:
        for phase in ("baseline", "response", "recovery", "control"):
            run.wait_for(rf"── {phase}: ", LIMIT_S)
            done.listening |= listening(done.folder)
        done.status, done.stdout = run.end(LIMIT_S)
        done.stderr = "".join(run.lines)
    done.left, done.tree_after = left(folder), tree()
    return done


def listening(folder: Path) -> set[str]:
    """Addresses on which a process of the run listens, or is bound without a peer."""
    found: set[str] = set()
    for process in {*psutil.Process().children(recursive=True), *of_folder(folder)}:
        try:
            sockets = process.net_connections(kind="inet")
        except psutil.Error:
            continue
        found |= {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN or (one.laddr and not one.raddr)}
    return found


def test_every_drill_has_the_expected_verdict(done: Done) -> None:
    assert {name: drill["verdict"] for name, drill in done.drills.items()} == VERDICTS, [
        drill["why"] for drill in done.drills.values() if drill["verdict"] != VERDICTS[drill["runbook"]]
    ]
    assert (done.result["verdict"], done.status) == ("passed", 0)
    assert all(f"{name}  " in done.stdout for name in VERDICTS)
    assert "PASSED in " in done.stdout


@pytest.mark.parametrize("name", VERDICTS)
def test_verdict_has_its_evidence(done: Done, name: str) -> None:
    drill = done.drills[name]
    assert all(symptom["seen"] and symptom["seen_after_s"] >= 0 for symptom in drill["symptoms"])
    assert (drill["controlled"], drill["reverted"]) == (True, True)
    assert 0 <= drill["detect_s"] < drill["recover_s"]
    assert 0 < drill["credit_alpha"] <= drill["credit_limit"] == 0.1
    assert drill["credit"]["control_age_s"] >= 2 * drill["credit"]["age_s"]
    for slo in drill["slos"]:
        assert all(slo[when]["holds"] for when in ("before", "control_before", "after", "after_revert")), slo
        assert all(slo[when]["samples"] >= 5 for when in ("before", "after", "control")), slo
    assert any(slo["during"]["holds"] is False for slo in drill["slos"]), "the incident broke something"
    assert any(slo["control"]["holds"] is False for slo in drill["slos"]), "and it stayed broken on the control"
    assert {step["verdict"] for step in drill["steps"]} <= {"ok", "manual"}
    assert any(step["changed"] for step in drill["steps"])
    assert all((done.folder / step["output"]).is_file() for step in drill["steps"] if step["ran"])
    metrics = [board for board in drill["dashboards"] if board["system"] == "Prometheus"]
    assert metrics
    assert {board["verdict"] for board in metrics} == {"ok"}


def test_general_commands_run_once_and_their_defect_is_a_finding(done: Done) -> None:
    general = done.result["general"]
    failed = [step["text"] for step in general if step["verdict"] != "ok"]
    assert len(general) == 11
    assert len(failed) == 2
    assert all("$DATABASE_URL" in text for text in failed)
    findings = [finding["text"] for finding in done.result["findings"]]
    assert [text for text in findings if "the probe" in text] == [], "the probes have good answers before the fault"
    assert sum("$DATABASE_URL is expanded by the operator's own shell" in text for text in findings) >= 2


WHOLE = {
    **dict.fromkeys(("document", "platform", "verdict", "cause"), str), "why": list, "seconds": float,
    "vif_method": int, "version": int,
    **dict.fromkeys(("findings", "drills", "general", "procedures"), list),
}  # fmt: skip
DRILL = {
    **dict.fromkeys(("runbook", "title", "fault", "verdict", "cause"), str), "why": list, "line": int,
    "controlled": bool, "reverted": bool, "control_reverted": bool, "alpha": float, "load": dict, "credit": dict,
    **dict.fromkeys(("detect_s", "recover_s", "credit_alpha", "credit_limit"), float),
    **dict.fromkeys(("symptoms", "steps", "slos", "dashboards", "outages", "findings", "phases", "latencies"), list),
    **dict.fromkeys(("onset_interval_s", "recover_interval_s", "alerts", "evidence"), list),
    "sequential_control": (dict, type(None)),
}  # fmt: skip
ALERT = {
    **dict.fromkeys(("alert", "priority", "slo", "source", "text"), str), "raised_s": float, "open_s": float,
    "handled": list,
}  # fmt: skip
HANDLED = {"action": str, "by": str, "level": int, "text": str, "after_s": float}
ROW = {
    "kind": str, "line": int, "text": str, "verdict": str, "drills": list, "priority": (str, type(None)),
    "level": (int, type(None)), "deadline_s": (float, type(None)), "action": (str, type(None)),
}  # fmt: skip
SYMPTOM = {"line": int, "text": str, "condition": str, "seen": bool, "seen_after_s": float}
STEP = {
    "line": int, "kind": str, "text": str, "bound": str, "ran": bool, "exit_status": (int, type(None)), "verdict": str,
    "why": str, "changed": list, "seconds": float, "output": str, "notes": list, "slis": list,
}  # fmt: skip
WHEN = ("before", "control_before", "during", "after", "after_revert", "control")
SLO = {"name": str, "objective": str, "budget": (dict, type(None)), **dict.fromkeys(WHEN, dict)}
NUMBER, SPAN = (float, type(None)), (list, type(None))
READING = {
    "samples": int, "counted": str, "seconds": float, "holds": (bool, type(None)),
    **dict.fromkeys(("value", "bad", "effective", "vif", "measured_vif", "more_s"), NUMBER),
    **dict.fromkeys(("interval", "range", "bad_interval", "alpha"), SPAN),
}  # fmt: skip
CREDIT = {
    **dict.fromkeys(("window_s", "age_s", "lasted_s", "control_age_s", "control_healthy_s"), float),
    "still_broken": list, "self_healed": bool, "needed_s": (float, type(None)),
}  # fmt: skip
PHASE = {"phase": str, "seconds": float, "arrivals": int, "asked": bool, "answer": (bool, type(None))}


def check(value: Mapping[str, Any], contract: Mapping[str, Any]) -> None:
    """Assert exactly these keys, each of its type; an integer is a valid float."""
    assert value.keys() == contract.keys()
    for key, kind in contract.items():
        kinds = kind if isinstance(kind, tuple) else (kind,)
        assert isinstance(value[key], (*kinds, int) if float in kinds else kinds), (key, value[key])


def test_result_has_exactly_the_documented_keys(done: Done) -> None:
    check(done.result, WHOLE)
    for drill in done.result["drills"]:
        check(drill, DRILL)
        check(drill["credit"], CREDIT)
        for part, contract in (("symptoms", SYMPTOM), ("steps", STEP), ("slos", SLO), ("phases", PHASE)):
            assert drill[part]
            for each in drill[part]:
                check(each, contract)
        for slo in drill["slos"]:
            for when in WHEN:
                check(slo[when], READING)
    for step in done.result["general"]:
        check(step, STEP)


def test_alerts_and_rows_have_exactly_the_documented_keys(done: Done) -> None:
    for drill in done.result["drills"]:
        assert drill["alerts"]
        for alert in drill["alerts"]:
            check(alert, ALERT)
            for each in alert["handled"]:
                check(each, HANDLED)
    assert {line["kind"] for line in done.result["procedures"]} == {"alert", "escalation", "post-incident"}
    for row in done.result["procedures"]:
        check(row, ROW if row["kind"] != "post-incident" else {"kind": str, "line": int, "text": str, "verdict": str})


def test_every_alert_is_acknowledged_mitigated_and_resolved_within_the_limits_of_the_document(done: Done) -> None:
    for name, drill in done.drills.items():
        for alert in drill["alerts"]:
            assert [each["action"] for each in alert["handled"]][:2] == ["acknowledged", "investigating"], name
            assert {"mitigated", "resolved"} <= {each["action"] for each in alert["handled"]}, name
    verdicts = {(row["line"], each["verdict"]) for row in done.result["procedures"] for each in row.get("drills", [])}
    assert "missed" not in {verdict for _, verdict in verdicts}
    assert {"met", "reached", "not reached"} <= {verdict for _, verdict in verdicts}


def test_report_gives_the_same_files_byte_for_byte(done: Done) -> None:
    for form, name in FILES.items():
        again = gameday("report", done.folder, "--format", form, cwd=done.folder.parent)
        assert again.returncode == done.status
        assert again.stdout == (done.folder / name).read_text(encoding="utf-8")
    assert gameday("report", done.folder, cwd=done.folder.parent).stdout == done.stdout


def test_every_line_of_the_record_matches_its_schema(done: Done) -> None:
    validator = Draft202012Validator(record_schema())
    lines = (done.folder / "record.jsonl").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not validator.is_valid(json.loads(line))] == []


def test_run_listens_on_loopback_only(done: Done) -> None:
    assert len(done.listening) > 20, "pods, services, databases and admin ports of several platforms"
    assert [address for address in sorted(done.listening) if not ip_address(address).is_loopback] == []


def test_run_leaves_no_process_and_no_change_in_the_tree(done: Done) -> None:
    assert done.left == []
    assert done.tree_after == done.tree_before
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "drills",
        "findings.sarif",
        "junit.xml",
        "record.jsonl",
        "report.html",
        "result.json",
        "summary.md",
    ]


@pytest.mark.parametrize("name", VERDICTS)
def test_every_deciding_phase_has_a_decision_and_its_cost(done: Done, name: str) -> None:
    phases = {phase["phase"]: phase for phase in done.drills[name]["phases"]}
    asked = [name for name, phase in phases.items() if phase["asked"]]
    assert asked == ["baseline", "symptoms", "recovery", "control", "after-revert"]
    assert all(phases[phase]["answer"] for phase in asked)
    assert all(phases[phase]["arrivals"] > 50 for phase in ("baseline", "recovery", "after-revert"))


def test_progress_shows_phases_symptoms_slis_and_steps(done: Done) -> None:
    for words in (
        "✓ baseline: every SLO holds, decided after ",
        "── baseline: ",
        "── fault: ",
        "✓ symptom seen: line 13",
        "✓ line 36 command",
        "gateway latency ",
        "✓ fault reverted",
    ):
        assert words in done.stderr, words
    assert "Traceback" not in done.stderr

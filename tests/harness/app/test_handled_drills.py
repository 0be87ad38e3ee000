"""Whole drills on the local platform that a person at a terminal and a program handle."""

from __future__ import annotations

import json
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.figures import check_files
from tests.support.gameday import gameday, left
from tests.support.keyboard import at_keyboard
from tests.support.paths import BINDINGS, COMMAND, RUNBOOK, SLOS
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
LIMIT_S = 240.0
FAULT = "new-clients"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The shipped document in which a critical alert must be acknowledged within 5 seconds; latency, which suffers on a
    busy machine, is no SLO of the drill."""
    text = RUNBOOK.read_text(encoding="utf-8")
    assert "Acknowledge the alert within 5 minutes" in text
    (tmp_path / "ops.md").write_text(
        text.replace("Acknowledge the alert within 5 minutes", "Acknowledge within 5 seconds")
    )
    bindings = BINDINGS.read_text(encoding="utf-8")
    slos = "slos: [gateway latency, gateway availability, valid requests accepted, bad input accepted]"
    assert slos in bindings
    (tmp_path / "gameday.yaml").write_text(bindings.replace(slos, "slos: [valid requests accepted]"))
    (tmp_path / "slos").symlink_to(SLOS)
    return tmp_path


def result_of(run: Path) -> Mapping[str, Any]:
    check_files(run)
    return dict(json.loads((run / "result.json").read_text(encoding="utf-8")))


def line_of(text: str) -> int:
    """The line of the document that contains this text."""
    lines = RUNBOOK.read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_person_handles_a_hidden_incident_and_misses_one_deadline(place: Path) -> None:
    words = ("drill", "ops.md", "--hidden", "--fault", FAULT, "--out", "run", "--no-history", "--observer", "Ann")
    with at_keyboard(*words, cwd=place) as person:
        person.wait_for("ALERT P0", LIMIT_S)
        person.wait_for("gameday> ", 10)
        person.wait_for("line \\d+: Immediate Response: Acknowledge within 5 seconds: over by", 30)
        person.type("ack")
        person.wait_for("acknowledged", 10)
        person.type("investigate")
        person.wait_for("investigation begun", 10)
        second = subprocess.run(
            [str(COMMAND), "shell", "run"],
            cwd=place,
            input="kubectl get pods -n production\nrm -rf /\necho password=hunter2-Secret\npwd\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        person.type(f"step {line_of('`VALIDATION_STRICT_MODE`: Set to false')}")
        person.wait_for("changed: deployment/api-gateway VALIDATION_STRICT_MODE true -> false", 90)
        person.type("note found it quickly")
        person.wait_for("noted", 10)
        person.type("resolve set the toggle")
        person.wait_for("✓ every SLO holds again", LIMIT_S)
        before_the_end = person.shown + second.stdout + second.stderr
        status = person.end(LIMIT_S)
    assert status == 0, person.shown
    assert "api-gateway-" in second.stdout
    assert "not an allowed program" in second.stderr
    for name in ("VALIDATION_FAIL", "Input Validation", FAULT):
        assert name not in before_the_end
        assert name in person.shown, "revealed at the end"
    (drill,) = result_of(place / "run")["drills"]
    _check_person(drill, result_of(place / "run"))
    assert "hunter2-Secret" not in (place / "run" / "record.jsonl").read_text()
    assert left(place / "run") == []


def _check_person(drill: Mapping[str, Any], whole: Mapping[str, Any]) -> None:
    response = drill["response"]
    assert (drill["verdict"], drill["controlled"]) == ("passed", True)
    assert (response["responder"], response["hidden"]) == ("human", True)
    assert [(each["by"], each["text"]) for each in response["notes"]] == [("Ann", "found it quickly")]
    typed = {each["command"]: each for each in response["commands"]}
    assert typed["rm -rf /"]["refused"]
    assert typed["echo password=***"]["output"] == "password=***\n"
    (first, *_) = drill["alerts"]
    times = {each["action"]: each["after_s"] for each in first["handled"]}
    assert 5 < times["acknowledged"] <= times["investigating"] < times["resolved"]
    rows = {row["line"]: row["verdict"] for row in whole["procedures"]}
    assert rows[line_of("Acknowledge the alert within 5 minutes")] == "missed"
    assert rows[line_of("**Investigation**: Begin to look for the cause within 10 minutes")] == "met"


def test_a_program_handles_the_incident_by_the_document(place: Path) -> None:
    (place / "fix.py").write_text(
        textwrap.dedent(
            """\
            import json, subprocess, sys
            briefing = json.load(sys.stdin)
            subprocess.run(["desk", "ack"], check=True)
            subprocess.run(["desk", "investigate"], check=True)
            toggle = next(
                step
                for runbook in briefing["document"]["runbooks"]
                for step in runbook["steps"]
                if "VALIDATION_STRICT_MODE" in step["text"]
            )
            subprocess.run(["desk", "step", str(toggle["line"])], check=True)
            command = ["kubectl", "get", "pods", "-n", briefing["namespace"]]
            assert b"api-gateway" in subprocess.run(command, check=True, capture_output=True).stdout
            """
        )
    )
    words = ("drill", "ops.md", "--responder", "python3 fix.py", "--fault", FAULT, "--out", "run", "--no-history")
    done = gameday(*words, cwd=place, timeout_s=2 * LIMIT_S)
    assert done.returncode == 0, done.stdout + done.stderr
    (drill,) = result_of(place / "run")["drills"]
    response = drill["response"]
    assert (response["responder"], response["command"]) == ("program", "python3 fix.py")
    assert response["lines"][0] == line_of("`VALIDATION_STRICT_MODE`: Set to false")
    assert [each["action"] for each in drill["alerts"][0]["handled"]][:2] == ["acknowledged", "investigating"]
    assert left(place / "run") == []


def test_ctrl_c_reverts_everything(place: Path) -> None:
    words = ("drill", "ops.md", "--fault", FAULT, "--out", "run", "--no-history")
    with at_keyboard(*words, cwd=place) as person:
        person.wait_for("gameday> ", LIMIT_S)
        person.type("sleep 600")
        wait_until((place / "run/drills/VALIDATION_FAIL/steps/001.out").exists)
        person.interrupt()
        person.wait_for("gameday: interrupted", 20)
        person.wait_for("gameday> ", 10)
        person.interrupt()
        status = person.end(60)
    assert status == 3
    assert "interrupted" in person.shown
    (drill,) = result_of(place / "run")["drills"]
    assert (drill["verdict"], drill["reverted"], drill["control_reverted"]) == ("inconclusive", True, True)
    assert left(place / "run") == []

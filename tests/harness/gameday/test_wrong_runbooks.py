"""Wrong runbooks in whole drills: each gets the right verdict, with a reason that names the defect."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.gameday import document, entry, gameday, left
from tests.support.paths import BINDINGS, SLOS

pytestmark = pytest.mark.slow
JOBS = 2  # more drills on two cores are starved, and then rightly inconclusive in place of failed
SCALE = "kubectl scale deployment service-name --replicas=3 -n production"
NOT_RECOVERED = "the SLOs did not recover"


def edited(class_id: str, name: str, *edits: tuple[str, str]) -> str:
    """The shipped runbook of a class with another id and these texts replaced."""
    text = entry(class_id)
    for old, new in ((f"### {class_id}:", f"### {name}:"), *edits):
        assert old in text, f"{class_id} does not contain `{old}`"
        text = text.replace(old, new)
    return text


def section(text: str, title: str) -> str:
    """A section of a runbook, from its title to the next."""
    found = re.search(rf"\*\*{title}:\*\*\n.*?(?=\n\*\*|\Z)", text, re.S)
    assert found
    return found[0]


def only(class_id: str, name: str, *titles: str) -> str:
    """The shipped runbook of a class with another id, its symptoms and only these sections."""
    text = entry(class_id)
    heading = text.split("\n")[0].replace(class_id, name)
    return "\n\n".join([heading, *(section(text, title) for title in ("Symptoms", *titles))]) + "\n"


NO_REALTIME = "kubectl scale deployment realtime --replicas=0 -n production"
NO_TIME_FOR_TOOLS = "kubectl set env deployment/api-gateway TOOL_TIMEOUT_MS=1 -n production"
STRICT = "`VALIDATION_STRICT_MODE`: Set to false for temporary relief"
MORE_INFERENCE = f"# More replicas, when load is the cause\n{SCALE}\n"
MORE_REALTIME = "# More replicas for new connections\nkubectl scale deployment realtime --replicas=5 -n production\n"
MORE_ROOM = "- `MAX_WEBSOCKET_CONNECTIONS`: Increase from 1000 to 2000\n"
RESTART = "# Replace its processes, when they hang\nkubectl rollout restart deployment/tool-service -n production\n"
CUT = edited("VALIDATION_FAIL", "CUT").split('| grep -i "400"')[0]
ENTRIES = {
    "SCALE_LEFT_OUT": ("TIMEOUT", edited("TIMEOUT", "SCALE_LEFT_OUT", (MORE_INFERENCE, ""))),
    "SCALE_ELSEWHERE": (
        "TIMEOUT",
        edited("TIMEOUT", "SCALE_ELSEWHERE", (SCALE, SCALE.replace("service-name", "tool-service"))),
    ),
    "SCALE_TO_NOTHING": ("TIMEOUT", edited("TIMEOUT", "SCALE_TO_NOTHING", (SCALE, SCALE.replace("=3", "=0")))),
    "TAKES_REALTIME_AWAY": (
        "TIMEOUT",
        edited("TIMEOUT", "TAKES_REALTIME_AWAY", (MORE_INFERENCE, f"{NO_REALTIME}\n{MORE_INFERENCE}")),
    ),
    "WS_NO_ROOM": ("WS_OVERLOAD", edited("WS_OVERLOAD", "WS_NO_ROOM", (MORE_REALTIME, ""), (MORE_ROOM, ""))),
    "STRICTER": ("VALIDATION_FAIL", edited("VALIDATION_FAIL", "STRICTER", (STRICT, STRICT.replace("false", "true")))),
    "NO_RESTART": ("TOOL_DOWN", edited("TOOL_DOWN", "NO_RESTART", (RESTART, ""))),
    "NEVER_SEEN": (
        "VALIDATION_FAIL",
        edited("VALIDATION_FAIL", "NEVER_SEEN", ("- 400 Bad Request", "- P95 > 60000ms\n- 400 Bad Request")),
    ),
    "WRONG_METRIC": (
        "TOOL_DOWN",
        edited("TOOL_DOWN", "WRONG_METRIC", ("`tool_service_health_check`", "`tool_service_healthiness`")),
    ),
    "BREAKS_TOOLS": (
        "VALIDATION_FAIL",
        edited(
            "VALIDATION_FAIL", "BREAKS_TOOLS", ("# Which rules are in force?", f"{NO_TIME_FOR_TOOLS}\n\n# Which rules?")
        ),
    ),
    "HEALS_ALONE": ("VALIDATION_FAIL", only("VALIDATION_FAIL", "HEALS_ALONE", "Environment Toggles")),
    "NO_STEPS": ("TIMEOUT", only("TIMEOUT", "NO_STEPS", "Dashboards to Check")),
    "CUT": ("VALIDATION_FAIL", CUT),
}
"""By id: the class whose fault is used, and the text. The truncated one is last, as in a truncated file."""


def bindings() -> str:
    """The project's bindings with the ids of this document, and a fault that ends after 12 s."""
    data = yaml.safe_load(BINDINGS.read_text(encoding="utf-8"))
    data["runbooks"] = {name: dict(data["runbooks"][class_id]) for name, (class_id, _) in ENTRIES.items()}
    data["faults"]["short"] = [{**part, "max_duration_s": 12} for part in data["faults"]["new-clients"]]
    data["runbooks"]["HEALS_ALONE"]["fault"] = "short"
    return str(yaml.safe_dump(data))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The result of one run of all of them; `exit` is its exit code."""
    folder = tmp_path_factory.mktemp("wrong")
    (folder / "wrong.md").write_text(document(*(text for _, text in ENTRIES.values())), encoding="utf-8")
    (folder / "gameday.yaml").write_text(bindings(), encoding="utf-8")
    (folder / "slos").symlink_to(SLOS)
    done = gameday("run", "wrong.md", "--jobs", str(JOBS), "--out", "run", "--quiet", cwd=folder, timeout_s=1200)
    assert left(folder) == []
    found = json.loads((folder / "run" / "result.json").read_text(encoding="utf-8"))
    return {**found, "exit": done.returncode, "folder": folder, "drills": {d["runbook"]: d for d in found["drills"]}}


def test_every_runbook_has_a_verdict_and_the_worst_one_wins(result: Mapping[str, Any]) -> None:
    assert list(result["drills"]) == list(ENTRIES)
    assert (result["verdict"], result["exit"]) == ("failed", 1)


@pytest.mark.parametrize(
    ("name", "verdict", "facts"),
    [
        ("SCALE_LEFT_OUT", "failed", [NOT_RECOVERED, "gateway latency"]),
        ("SCALE_ELSEWHERE", "failed", [NOT_RECOVERED, "gateway latency"]),
        ("SCALE_TO_NOTHING", "failed", [NOT_RECOVERED, "gateway availability 0 %"]),
        ("TAKES_REALTIME_AWAY", "failed", ["made deployment/realtime unavailable", NO_REALTIME]),
        ("WS_NO_ROOM", "failed", [NOT_RECOVERED, "websocket connects"]),
        (
            "STRICTER",
            "failed",
            [NOT_RECOVERED, "valid requests accepted", "VALIDATION_STRICT_MODE was true", "already"],
        ),
        ("NO_RESTART", "failed", [NOT_RECOVERED, "tool calls"]),
        ("NEVER_SEEN", "inconclusive", ["symptom `P95 > 60000ms` (p95(gateway) > 60000ms) did not appear"]),
        ("WRONG_METRIC", "failed", ["`tool_service_healthiness`: no pod exports a metric of this name"]),
        ("BREAKS_TOOLS", "failed", ["broke the probe `tool calls`", f"`{NO_TIME_FOR_TOOLS}`", "HTTP 50"]),
        ("HEALS_ALONE", "inconclusive", ["the fault ended by itself on the treatment"]),
        ("NO_STEPS", "failed", ["documents no step"]),
        ("CUT", "failed", [NOT_RECOVERED, "valid requests accepted"]),
    ],
)
def test_wrong_runbook_gets_its_verdict_and_reason(
    result: Mapping[str, Any], name: str, verdict: str, facts: list[str]
) -> None:
    drill = result["drills"][name]
    why = "; ".join(drill["why"])
    assert drill["verdict"] == verdict, why
    assert [fact for fact in facts if fact not in why] == [], why


def test_symptoms_were_seen_and_the_fault_reverted_in_each_failed_drill(result: Mapping[str, Any]) -> None:
    for name in ENTRIES.keys() - {"NEVER_SEEN", "NO_STEPS"}:
        drill = result["drills"][name]
        assert all(symptom["seen"] for symptom in drill["symptoms"]), (name, drill["symptoms"])
        assert drill["reverted"], name


def test_wrong_metric_name_fails_a_runbook_that_restores_the_slos(result: Mapping[str, Any]) -> None:
    drill = result["drills"]["WRONG_METRIC"]
    assert NOT_RECOVERED not in "; ".join(drill["why"])
    assert drill["controlled"]
    assert all(slo["after"]["holds"] for slo in drill["slos"])


def test_scaling_to_zero_is_noted(result: Mapping[str, Any]) -> None:
    (step,) = [step for step in result["drills"]["SCALE_TO_NOTHING"]["steps"] if "scale" in step["text"]]
    assert (step["verdict"], "deployment/inference replicas 1 -> 0" in step["changed"]) == ("ok", True)
    assert step["notes"] == ["deployment/inference is scaled to 0: no pod serves it"]


def test_runbook_without_steps_gets_no_fault(result: Mapping[str, Any]) -> None:
    assert result["drills"]["NO_STEPS"]["phases"] == []
    assert not (Path(result["folder"]) / "run" / "drills" / "NO_STEPS").exists()


def test_truncated_command_is_named_with_its_line(result: Mapping[str, Any]) -> None:
    drill = result["drills"]["CUT"]
    text = (Path(result["folder"]) / "wrong.md").read_text(encoding="utf-8")
    last = len(text.rstrip().split("\n"))
    why = "; ".join(drill["why"])
    assert any(f"line {line}" in why for line in range(last - 8, last + 1)), why

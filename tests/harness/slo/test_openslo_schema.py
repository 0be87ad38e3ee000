"""The OpenSLO v1 schema on documents of every kind, compared with OpenSLO's own SDK on the same documents."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.schema.tree import UnreadableError, read
from harness.slo import openslo_schema
from tests.support.paths import ROOT, SLOS
from tests.support.slo import INLINE, LATENCY, RATIO, changed

SDK = "github.com/OpenSLO/go-sdk@v0.9.1"
HEAD = "apiVersion: openslo/v1\nmetadata: {name: a}\n"
SLICED = changed(LATENCY, ("Occurrences", "Timeslices"), ("0.95", "0.9, timeSliceTarget: 1, timeSliceWindow: 1m"))
REFERRED = changed(LATENCY, (INLINE, "  indicatorRef: x\n"))
COMPOSITE = changed(LATENCY, (INLINE, ""), ("{op: lt", "{indicatorRef: x, op: lt"))
WINDOW, ROLLING = "{duration: 28d, isRolling: true}", "isRolling: true"
CALENDAR = changed(LATENCY, (ROLLING, "calendar: {startTime: 2026-01-31 12:30:00, timeZone: Europe/Berlin}"))
RAW = (
    RATIO[: RATIO.index("        counter")]
    + "        rawType: success\n        raw: {metricSource: {spec: {a: b}}}\n"
    + RATIO[RATIO.index("  timeWindow") :]
)
SOURCE = HEAD + "kind: DataSource\nspec: {type: Prometheus, connectionDetails: {url: 'http://x'}}\n"
ALERT = (
    HEAD + "kind: AlertCondition\nspec: {severity: page, condition: "
    "{kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h, alertAfter: 5m}}\n"
)
TARGET = HEAD + "kind: AlertNotificationTarget\nspec: {target: slack}\n"
POLICY = (
    HEAD + "kind: AlertPolicy\nspec: {alertWhenBreaching: true, conditions: [{conditionRef: x}], "
    "notificationTargets: [{targetRef: z}]}\n"
)
POLICY_INLINE = (
    HEAD + "kind: AlertPolicy\nspec: {conditions: [{kind: AlertCondition, metadata: {name: b}, spec: {severity: page, "
    "condition: {kind: burnrate, op: lte, threshold: 2, lookbackWindow: 1h}}}], "
    "notificationTargets: [{kind: AlertNotificationTarget, metadata: {name: b}, spec: {target: slack}}]}\n"
)
SERVICE = HEAD + "kind: Service\nspec: {description: all of it}\n"
THRESHOLD = "thresholdMetric: {metricSource: {metricSourceRef: prometheus, spec: {query: x}}}"
SLI = HEAD + f"kind: SLI\nspec: {{{THRESHOLD}}}\n"
TOTAL = RATIO[RATIO.index("        total: ") : RATIO.index("  timeWindow")]


def metadata(text: str) -> str:
    """The latency's document with something else below its displayName."""
    return changed(LATENCY, ("  displayName: gateway latency", f"  {text}"))


# fmt: off
VALID = [
    LATENCY, RATIO, SLICED, REFERRED, COMPOSITE, CALENDAR, RAW, SOURCE, ALERT, TARGET, POLICY,
    POLICY_INLINE, SERVICE, SLI,
    f"{LATENCY}---\n{SLI}",
    "[{apiVersion: openslo/v1, kind: Service, metadata: {name: a}, spec: {}}]",
    changed(RATIO, ("bad: ", "good: "), ("counter: true", "counter: false")),
    changed(ALERT, (", alertAfter: 5m", "")),
    changed(COMPOSITE, ("target: 0.95", "target: 0.95, compositeWeight: 0.5")),
    metadata("labels: {team: [a, b], tier: one}"),
    metadata("annotations: {example.com/a: 'b', c: d, gameday.dev/x: '1'}"),
    metadata("<<: {displayName: merged}"),
    *(changed(LATENCY, change) for change in (
        ("target: 0.95", "targetPercent: 95"),
        ("target: 0.95", "target: 0"),
        ("objectives:\n", "objectives:\n    - {displayName: b, op: gte, value: -1.5, target: 0.5}\n"),
        ("  service", "  indicatorRef:\n  description: null\n  service"),
        ("  service", "  alertPolicies: [{alertPolicyRef: x}]\n  service"),
        ("  service", "  alertPolicies: []\n  service"),
        ("service: api-gateway", "service: The Gateway"),
        (ROLLING, "calendar: {startTime: 2026-01-31 12:30:00, timeZone: UTC}"),
        *(("28d", f"3{unit}") for unit in "mhdwMQY"),
    )),
    changed(LATENCY, ("Occurrences", "RatioTimeslices"), ("0.95", "0.9, timeSliceWindow: 5m")),
]

INVALID = [
    "hello",
    *(changed(LATENCY, change) for change in (
        ("openslo/v1", "openslo/v3"), ("kind: SLO", "kind: slo"), ("kind: SLO", "kind: Alert"),
        ("  name: gateway-latency\n", ""),
        *(("name: gateway-latency", f"name: {name}") for name in ("A", "a.b", "-a", "5", "y", "a" * 64)),
        ("displayName: gateway latency", f"displayName: {'a' * 64}"), ("displayName: gateway latency", "title: x"),
        ("  service: api-gateway\n", ""), ("service: api-gateway", "service: ''"),
        ("service: api-gateway", "service: [a]"), ("  service", "  servce: x\n  service"),
        ("  service", f"  description: {'x' * 1051}\n  service"), ("  service", "  indicatorRef: x\n  service"),
        ("  service", "  alertPolicies: [x]\n  service"),
        ("  service", "  alertPolicies: [{alertPolicyRef: A b}]\n  service"),
        (INLINE, ""), (INLINE, "  indicatorRef: A b\n"), ("    metadata: {name: latency}\n", ""),
        ("spec: {series: gateway}", "spec: {}"), (", spec: {series: gateway}", ""),
        ("{type: gameday, spec: {series: gateway}}", ""), ("thresholdMetric", "metric"),
        ("type: gameday", "metricSourceRef: A b"), (f"  timeWindow: [{WINDOW}]\n", ""), (f"[{WINDOW}]", "[]"),
        (f"[{WINDOW}]", f"[{WINDOW}, {WINDOW}]"),
        *(("28d", duration) for duration in ("28x", "d", "1.5d", "28")),
        (f", {ROLLING}", ""), (ROLLING, "isRolling: false"),
        (ROLLING, f"{ROLLING}, calendar: {{startTime: 2026-01-31 12:30:00, timeZone: UTC}}"),
        (ROLLING, "calendar: {timeZone: UTC}"), (ROLLING, "calendar: {startTime: 2026-01-31 12:30:00}"),
        (ROLLING, "calendar: {startTime: 2026-01-31, timeZone: UTC}"),
        (ROLLING, "calendar: {startTime: 2026-02-31 12:30:00, timeZone: UTC}"),
        (ROLLING, "calendar: {startTime: 2026-01-31 12:30:00, timeZone: Mars/Dome}"),
        ("  budgetingMethod: Occurrences\n", ""),
        *(("Occurrences", method) for method in ("Events", "Timeslices", "RatioTimeslices")),
        *(("target: 0.95", f"target: {target}") for target in ("1", "-0.1", "'0.95'")),
        ("target: 0.95", "target: 0.95, targetPercent: 95"), ("target: 0.95", "targetPercent: 100"),
        ("target: 0.95", "target: 0.95, goal: 1"), (", target: 0.95", ""),
        ("op: lt, ", ""), ("value: 500, ", ""), ("op: lt", "op: eq"), ("value: 500", "value: fast"),
    )),
    *(changed(SLICED, change) for change in (
        ("timeSliceTarget: 1", "timeSliceTarget: 0"), ("timeSliceTarget: 1", "timeSliceTarget: 1.1"),
        (", timeSliceTarget: 1", ""), (", timeSliceWindow: 1m", ""), ("timeSliceWindow: 1m", "timeSliceWindow: 5"),
        ("timeSliceWindow: 1m", "timeSliceWindow: 1s"),
    )),
    *(changed(RATIO, change) for change in (
        ("{target: 0.99}", "{target: 0.99, op: lt}"), ("{target: 0.99}", "{target: 0.99, value: 1}"),
        ("counter: true", "counter: 'true'"), ("        total: ", "        good: "), (TOTAL, ""),
        ("        total: ", "        raw: "),
        ("      ratioMetric", "      thresholdMetric: {metricSource: {spec: {a: b}}}\n      ratioMetric"),
    )),
    *(changed(COMPOSITE, change) for change in (
        ("{indicatorRef: x", "{indicatorRef: A"), ("  service", "  indicatorRef: x\n  service"),
        ("{indicatorRef: x", "{indicatorRef: x, indicator: {metadata: {name: b}, spec: {}}"),
    )),
    *(metadata(text) for text in (
        "labels: {team: 1}", "labels: {-team: a}", "labels: [a]", "annotations: {a: 0.01}", "annotations: {-a: b}",
        "annotations: {a/b/c: d}", "annotations: {A.com/c: d}", f"annotations: {{{'a' * 64}: d}}",
    )),
    *(changed(ALERT, (part, "")) for part in (
        "severity: page, ", "kind: burnrate, ", "op: lte, ", "threshold: 2, ", "lookbackWindow: 1h, ",
    )),
    changed(ALERT, ("1h", "1s")), changed(ALERT, ("burnrate", "rate")), changed(TARGET, ("target: slack", "")),
    *(changed(POLICY, change) for change in (
        ("conditions: [{conditionRef: x}], ", ""), ("[{conditionRef: x}]", "[{conditionRef: x}, {conditionRef: b}]"),
        (", notificationTargets: [{targetRef: z}]", ""), ("alertWhenBreaching: true", "alertWhenBreaching: 'yes'"),
    )),
    changed(POLICY_INLINE, ("{kind: AlertCondition", "{conditionRef: x, kind: AlertCondition")),
    changed(POLICY_INLINE, ("kind: AlertNotificationTarget", "kind: AlertCondition")),
    changed(SOURCE, ("type: Prometheus, ", "")), changed(SOURCE, (", connectionDetails: {url: 'http://x'}", "")),
    changed(RAW, ("        rawType: success\n", "")), changed(RAW, ("success", "good")),
    changed(SLI, (THRESHOLD, "description: x")), changed(SERVICE, ("description: all of it", "owner: me")),
    HEAD + "kind: SLO\nspec:\n",
]

STRICTER = {
    "a duration is one word with a positive number, by the text": [
        *(changed(LATENCY, ("28d", duration)) for duration in ("0d", "'28 d'", "+28d")), changed(SLICED, ("1m", "0m")),
    ],
    "objectives are required, by the text": [
        changed(RATIO, ("  objectives: [{target: 0.99}]\n", "")), changed(RATIO, ("[{target: 0.99}]", "[]")),
    ],
    "op is one of four words, by the text": [changed(REFERRED, ("op: lt", "op: eq"))],
    "op and value come with a thresholdMetric, by the text": [
        changed(COMPOSITE, ("{indicatorRef: x, op: lt, value: 500",
                            f"{{indicator: {{metadata: {{name: b}}, spec: {{{THRESHOLD}}}}}")),
    ],
    "every objective of a composite SLO has an indicator, by the text": [
        changed(COMPOSITE, ("objectives:\n", "objectives:\n    - {target: 0.5}\n")),
    ],
    "numbers lie in their range whatever the method, by the text": [
        changed(RATIO, ("0.99", "0.99, timeSliceTarget: 5")), changed(RATIO, ("0.99", "0.99, compositeWeight: 0")),
    ],
    "rawType is one of two, by the text": [changed(RATIO, ("counter: true", "counter: true\n        rawType: good"))],
    "counter is required beside total, by the JSON schema": [changed(RATIO, ("        counter: true\n", ""))],
    "a spec is required, by the text": [changed(SERVICE, ("spec: {description: all of it}", ""))],
    "a displayName is not empty, by the JSON schema": [metadata("displayName: ''")],
    "keys are written as they are": [changed(LATENCY, ("  service", "  Service"))],
    "a key stands once, by YAML": [changed(LATENCY, ("  service", "  service: b\n  service"))],
}
# fmt: on
"""Documents that the SDK accepts and this schema refuses, with the reason. There is none the other way round."""


def problems(text: str) -> list[str]:
    """The problems of a text according to the schema alone."""
    found: list[str] = []
    try:
        documents = read(text, "x.yaml")
    except UnreadableError as error:
        return [str(error)]
    for document in (each for tree in documents for each in (tree.items or (tree,))):
        openslo_schema.check(document, lambda at, path, fact: found.append(f"{at.place}: {path}: {fact}"))
    return found


def test_valid_documents_have_no_problems() -> None:
    assert [(text, problems(text)) for text in VALID if problems(text)] == []
    assert {
        kind for kind in openslo_schema.KINDS if any(f"kind: {kind}\n" in text for text in VALID)
    } == openslo_schema.KINDS.keys()


def test_invalid_documents_have_problems_with_a_line() -> None:
    assert [
        text for text in (*INVALID, *(text for texts in STRICTER.values() for text in texts)) if not problems(text)
    ] == []
    assert all(problem.startswith("x.yaml:") for text in INVALID for problem in problems(text))


def sdk(folder: Path) -> Path:
    """Build OpenSLO's SDK as a program with `go`; skip where `go` or the module is missing."""
    if shutil.which("go") is None:
        pytest.skip("there is no `go` to build OpenSLO's SDK with")
    shutil.copy(ROOT / "tests" / "data" / "openslo" / "main.go", folder)
    environment = {**os.environ, "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    for command in (["go", "mod", "init", "oracle"], ["go", "get", SDK]):
        got = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        if got.returncode != 0:
            pytest.skip(f"`{' '.join(command)}` does not bring OpenSLO's SDK here: {got.stderr.strip()[-300:]}")
    subprocess.run(["go", "build", "-o", "oracle", "."], cwd=folder, env=environment, timeout=280, check=True)
    return folder / "oracle"


@pytest.mark.slow
def test_the_schema_agrees_with_the_sdk_of_openslo(tmp_path: Path) -> None:
    shipped = [path.read_text(encoding="utf-8") for path in sorted(SLOS.glob("*.yaml"))]
    stricter = [text for texts in STRICTER.values() for text in texts]
    streams = [*shipped, *VALID, *INVALID, *stricter]
    lines = "".join(f"{json.dumps(text)}\n" for text in streams)
    answers = subprocess.run(
        [sdk(tmp_path)], input=lines, capture_output=True, text=True, timeout=60, check=True
    ).stdout
    refused = dict(zip(streams, map(json.loads, answers.splitlines()), strict=True))
    assert shipped
    assert {text: refused[text] for text in (*shipped, *VALID, *stricter) if refused[text]} == {}
    assert [text for text in INVALID if not refused[text]] == []

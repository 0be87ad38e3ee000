"""The shape of a bindings file. `check` reports every problem that needs nothing but the file's own text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import combinations

from harness.bindings import loads
from harness.bindings.compose.shape import check_compose
from harness.bindings.model import LOG_SELECTOR, StepOrder
from harness.bindings.service_schema import check_services
from harness.conditions import parse
from harness.errors import ConditionError
from harness.manifests import check_manifests
from harness.schema.shape import (
    Check,
    JsonSchema,
    Report,
    Shape,
    anything,
    boolean,
    choice,
    described,
    dictionary,
    mapping,
    nullable,
    number,
    scalar,
    sequence,
    shaped,
    text,
    unchanged,
)
from harness.schema.tree import Tree

FAULT_KEYS = ("at", "fault", "max_duration_s")
"""The keys of a fault that are not its parameters."""
SEND = re.compile(r"(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|websocket) (/[!-~]*)")
"""`send` of a probe: method and path."""
LOG_STREAMS = re.compile(r"\{[^{}]*\$deployment[^{}]*\}")
"""Labels in LogQL, among them one of the Deployment."""
CONTAINS_KEYS = ("contains", "words")
"""`contains` and its former name, which old files still use."""
SYMPTOM_KEYS = ("line", *CONTAINS_KEYS, "alert")
"""The keys of which a symptom has exactly one: they identify it."""
_above_0 = unchanged(number(lambda value: value > 0, "a number above 0", exclusiveMinimum=0))
_users = unchanged(number(lambda value: value >= 1 and value == int(value), "a number of users, 1 or more", minimum=1))
_texts = dictionary(scalar)
_open_texts = Shape(dictionary(nullable(scalar)), _texts.schema)
"""Texts that may have no value yet; the JSON Schema is that of a file in which everything is decided."""


@shaped({"const": 1})
def _version(tree: Tree, path: str, report: Report) -> None:
    if tree.number() != 1:
        report(tree, path, f"version `{tree.written}` is not supported; write `version: 1`")


@shaped(
    {
        **mapping({"at": scalar, "fault": scalar}, {"max_duration_s": _above_0}).schema,
        "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
    }
)
def _fault(tree: Tree, path: str, report: Report) -> None:
    parameters = {key: unchanged(anything) for key in tree.entries if key not in FAULT_KEYS}
    mapping({"at": scalar, "fault": scalar}, {**parameters, "max_duration_s": _above_0})(tree, path, report)


@shaped({"type": "string", "pattern": r"^\s*[a-z_]+[0-9.]*\s*\([\s\S]*\)\s*(<=|>=|==|!=|<|>)\s*\S+\s*$"})
def _condition(tree: Tree, path: str, report: Report) -> None:
    try:
        parse(tree.written)
    except ConditionError as error:
        report(tree, path, str(error))


@shaped({"type": "integer"})
def _line(tree: Tree, path: str, report: Report) -> None:
    if isinstance(tree.value, bool) or not isinstance(tree.value, int):
        report(tree, path, f"expected a line number, got `{tree.written}`")


@shaped({"oneOf": [{"required": [key]} for key in SYMPTOM_KEYS]})
def _one_symptom(tree: Tree, path: str, report: Report) -> None:
    if len(tree.fields.keys() & set(SYMPTOM_KEYS)) != 1:
        fact = "give one of `line` (a number), `contains` (a text) and `alert` (a name) to identify the symptom"
        report(tree, path, fact)


@shaped({"type": "string", "pattern": f"^{SEND.pattern}$"})
def _send(tree: Tree, path: str, report: Report) -> None:
    if not SEND.fullmatch(tree.written):
        fact = f"`{tree.written}` is no request; write METHOD /PATH, such as `GET /v1/models` or `websocket /ws`"
        report(tree, path, fact)


@shaped({"type": ["string", "number", "boolean"]})
def _json(tree: Tree, path: str, report: Report) -> None:
    try:
        json.loads(tree.written)
    except ValueError as error:
        report(tree, path, f"not JSON: {error}; write it as one quoted text: '{{\"key\": 1}}'")


@shaped({"type": "string", "pattern": r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})?$"})
def _selector(tree: Tree, path: str, report: Report) -> None:
    if not re.fullmatch(r"[a-zA-Z_:]\w*(\{[^{}]*\})?", tree.written):
        fact = f"`{tree.written}` is no PromQL selector, a metric's name with optional labels: "
        report(tree, path, fact + 'requests_total{job="shop"}')


@shaped({"type": "string", "pattern": rf"^{LOG_STREAMS.pattern}$"})
def _streams(tree: Tree, path: str, report: Report) -> None:
    if not LOG_STREAMS.fullmatch(tree.written):
        fact = f"`{tree.written}` selects no streams of one Deployment; write labels in braces, with `$deployment`: "
        report(tree, path, fact + LOG_SELECTOR)


def _undecided(required: Mapping[str, Check], optional: Mapping[str, Check], *rules: Check) -> Shape:
    """A mapping whose required keys may stand without a value: `init` writes those that a person has to decide."""

    def check(tree: Tree, path: str, report: Report) -> None:
        open_keys = {key for key in required if key in tree.entries and key not in tree.fields}
        decided = {key: item for key, item in required.items() if key not in open_keys}
        mapping(decided, {**optional, **dict.fromkeys(open_keys, anything)}, *rules)(tree, path, report)

    return Shape(check, mapping(required, optional, *rules).schema)


_control = mapping(
    {"sequential": described("what exists once, so that the control runs first, on the same platform", text())},
    {"observe_s": described("seconds for which the control is observed from its fault on", _above_0)},
)
_probe = mapping({"service": scalar, "send": _send}, {"body": _json, "headers": _texts})
_indicator = mapping(
    {},
    {
        "total": described("counter of all events, as a PromQL selector", _selector),
        "bad": described("counter of the bad events", _selector),
        "latency": described("histogram of the latencies, in seconds", _selector),
    },
)
_loki = mapping({}, {"selector": described("the streams with the log of `$deployment` in `$namespace`", _streams)})
_symptom = _undecided(
    {"is": described("a condition, such as `error_rate(gateway) > 5%`", _condition)},
    {
        "line": described("line of the symptom in the document", _line),
        **dict.fromkeys(CONTAINS_KEYS, described("a part of the symptom's text", scalar)),
        "alert": described("the alert that is a further symptom: `is` holds when it fires", scalar),
    },
    _one_symptom,
)
RUNBOOK_KEYS: Mapping[str, Check] = {
    "scenario": described("the load: a name under `loads`, a shipped scenario, or a Python file", scalar),
    "service": described("the service that receives the load", scalar),
    "series": described("the load series of symptoms that state only a number", scalar),
    "fault": described("what causes the incident: a name under `faults`", scalar),
    "slos": described("names of SLOs: what has to recover", sequence(scalar, 1)),
}
"""The keys that a runbook needs before it can be drilled."""
_runbook = _undecided(
    RUNBOOK_KEYS,
    {
        "document": described("the document with this runbook, relative to this file", scalar),
        "symptoms": sequence(_symptom),
        "placeholders": _open_texts,
        "rate": described("arrivals per second, or connections", _above_0),
        "order": choice(*StepOrder),
        "users": described("users of a plain locustfile", _users),
        "spawn_rate": described("users of a plain locustfile that start per second", _above_0),
    },
)
_lint = mapping(
    {},
    {
        "select": described("only these rules of the linter", sequence(scalar)),
        "ignore": described("all rules but these", sequence(scalar)),
        "pedantic": described("also the pedantic rules", boolean),
        "severity": described("other severities, by rule", dictionary(choice("error", "warning", "note"))),
        "exclude": described("patterns of documents that are left out", sequence(scalar)),
        "rules": described("Prometheus rule files", sequence(scalar)),
        "max-kib": described("the size above which a document is refused", _above_0),
    },
)
PLATFORM_KEYS = ("services", "compose", "manifests")
"""The keys that say what runs in place of the shipped services: one of them at most."""


@shaped({"not": {"anyOf": [{"required": [*pair]} for pair in combinations(PLATFORM_KEYS, 2)]}})
def _one_platform(tree: Tree, path: str, report: Report) -> None:
    found = [key for key in PLATFORM_KEYS if key in tree.fields]
    for key in found[1:]:
        report(tree.fields[key], key, f"excludes `{found[0]}`: both say what the platform runs; keep one")


_file = mapping(
    {"version": _version},
    {
        "namespace": described("the namespace in which the runbook's commands work", scalar),
        "placeholders": described("text of the runbook's commands that an operator would replace", _open_texts),
        "toggles": described("the Deployment on which each variable is set", _open_texts),
        "slos": described("SLOs in one line, such as `p95(gateway) < 500ms`", dictionary(anything)),
        "slo_files": described("OpenSLO files, relative to this file", sequence(scalar)),
        "probes": described("requests of users, once a second in every drill", dictionary(_probe)),
        "indicators": described("what the service counts of a load series, for alert rules", dictionary(_indicator)),
        "loki": described("where the log of a Deployment is in Loki", _loki),
        "loads": described("requests that a scenario sends", dictionary(loads.check, loads.NAME, "a load")),
        "services": described("your own services: without this key, the platform has the shipped ones", check_services),
        "manifests": described("your own services as Kubernetes manifests, for a cluster", check_manifests),
        "control": described("the control of a drill, where it has no platform of its own", _control),
        "compose": described("the compose file whose services are the platform, on docker", check_compose),
        "lint": described("settings of `gameday lint`", _lint),
        "faults": described("each a list of faults that are active together", dictionary(nullable(sequence(_fault)))),
        "runbooks": described("the runbooks by id", dictionary(_runbook)),
    },
    _one_platform,
)
check: Check = _file
"""Reports every deviation of a whole bindings file from its shape."""


def json_schema() -> JsonSchema:
    """The JSON Schema of a bindings file in which everything is decided, for editors."""
    about = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "gameday.yaml"}
    return {**about, **_file.schema}

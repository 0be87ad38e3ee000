"""The shape of OpenSLO v1 documents of all seven kinds; `check` reports every problem at once.

Source: the specification (github.com/OpenSLO/OpenSLO, README) and its reference validator, the Go SDK
(github.com/OpenSLO/go-sdk). Where the two differ the stricter one is followed, so that a document that is valid here
is valid there. tests/harness/slo/test_openslo_schema.py compares both on the same documents.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Mapping
from datetime import datetime

from harness.schema.shape import (
    Check,
    Report,
    anything,
    boolean,
    choice,
    dictionary,
    either,
    filled,
    mapping,
    number,
    sequence,
    text,
)
from harness.schema.tree import Tree

VERSION = "openslo/v1"
_WORD = r"[a-zA-Z0-9](?:[-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
_DNS = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_LABEL = re.compile(_WORD)
_ANNOTATION = re.compile(rf"(?=(?:.{{0,253}}/)?[^/]*$)(?:{_DNS}(?:\.{_DNS})*/)?{_WORD}")

_name = text(63, re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"), "a name: lower-case letters, digits and `-`")
_description = text(1050)
_duration = text(pattern=re.compile(r"[1-9]\d*[mhdwMQY]"), about="a duration such as 5m, 1h, 28d, 4w, 1M, 1Q, 1Y")
_operator = choice("lt", "lte", "gt", "gte")


def _label(tree: Tree, path: str, report: Report) -> None:
    (sequence(text()) if isinstance(tree.value, tuple) else text())(tree, path, report)


_metadata = mapping(
    {"name": _name},
    {
        "displayName": text(63),
        "labels": dictionary(_label, _LABEL, "a label"),
        "annotations": dictionary(text(), _ANNOTATION, "an annotation"),
    },
)


def _inline(spec: Check, kind: str | None = None) -> Check:
    """A document inside another one: an inline SLI has no kind, inline alerting documents have one."""
    return mapping({**({"kind": choice(kind)} if kind else {}), "metadata": _metadata, "spec": spec}, {})


def _one_of(reference: str, inline: Check) -> Check:
    """A reference `{reference: name}`, or the document inline."""

    def check(tree: Tree, path: str, report: Report) -> None:
        (mapping({reference: _name}, {}) if reference in tree.fields else inline)(tree, path, report)

    return check


# -- indicators --------------------------------------------------------------------------------------------------------

_source = mapping({"spec": filled}, {"metricSourceRef": _name, "type": text()})
_metric = mapping({"metricSource": _source}, {})


def _ratio_rule(tree: Tree, path: str, report: Report) -> None:
    either("total", "raw")(tree, path, report)
    if "total" in tree.fields:
        either("good", "bad")(tree, path, report)
        if "counter" not in tree.fields:
            report(tree, f"{path}.counter", "missing; true if the metrics only ever grow")
    if "raw" not in tree.fields:
        return
    if {"good", "bad"} & tree.fields.keys():
        report(tree, path, "raw is already a ratio: remove good and bad")
    if "rawType" not in tree.fields:
        report(tree, f"{path}.rawType", "missing; raw needs it: success or failure")


_ratio = mapping(
    {},
    {
        "counter": boolean,
        **dict.fromkeys(("good", "bad", "total", "raw"), _metric),
        "rawType": choice("success", "failure"),
    },
    _ratio_rule,
)
_sli = mapping(
    {},
    {"description": _description, "thresholdMetric": _metric, "ratioMetric": _ratio},
    either("thresholdMetric", "ratioMetric"),
)

# -- objectives --------------------------------------------------------------------------------------------------------


def _date(tree: Tree, path: str, report: Report) -> None:
    try:
        datetime.strptime(str(tree.value), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 (timeZone is a key of its own)
    except ValueError:
        report(tree, path, f"`{tree.value}` is not a date such as 2026-01-31 12:30:00")


def _zone(tree: Tree, path: str, report: Report) -> None:
    """A time zone by name. On a machine without a zone database every name is accepted."""
    if str(tree.value) not in (zoneinfo.available_timezones() or (tree.value,)):
        report(tree, path, f"`{tree.value}` is not a time zone such as Europe/Berlin")


def _window_rule(tree: Tree, path: str, report: Report) -> None:
    rolling = tree.at("isRolling")
    if bool(rolling and rolling.value) == ("calendar" in tree.fields):
        report(tree, path, "give either `isRolling: true` or a `calendar`")


_window = mapping(
    {"duration": _duration},
    {"isRolling": boolean, "calendar": mapping({"startTime": _date, "timeZone": _zone}, {})},
    _window_rule,
)
_objective = mapping(
    {},
    {
        "displayName": text(63),
        "op": _operator,
        "value": number(),
        "target": number(lambda target: 0 <= target < 1, "a number from 0 to below 1"),
        "targetPercent": number(lambda target: 0 <= target < 100, "a number from 0 to below 100"),
        "timeSliceTarget": number(lambda target: 0 < target <= 1, "a number above 0 and up to 1"),
        "timeSliceWindow": _duration,
        "indicator": _inline(_sli),
        "indicatorRef": _name,
        "compositeWeight": number(lambda weight: weight > 0, "a number above 0"),
    },
    either("target", "targetPercent"),
)
_POINTS = ("indicator", "indicatorRef")


def _indicator_rule(tree: Tree, path: str, report: Report) -> None:
    """The indicator is at the SLO, or at each of its objectives (a composite SLO)."""
    objectives = tree.at("objectives")
    own = [item for item in (objectives.items if objectives else ()) if any(key in item.fields for key in _POINTS)]
    if not own:
        return either(*_POINTS)(tree, path, report)
    if any(key in tree.fields for key in _POINTS):
        report(tree, path, "the indicator belongs at the SLO or at its objectives, not at both; remove one")
    for number_, item in enumerate(objectives.items if objectives else ()):
        either(*_POINTS)(item, f"{path}.objectives[{number_}]", report)
    return None


def _objectives_rule(tree: Tree, path: str, report: Report) -> None:
    """Which keys an objective needs depends on its indicator and on the budgeting method."""
    objectives, method = tree.at("objectives"), tree.text("budgetingMethod")
    slices = {"Timeslices": ("timeSliceTarget", "timeSliceWindow"), "RatioTimeslices": ("timeSliceWindow",)}
    for number_, item in enumerate(objectives.items if objectives else ()):
        indicator = item.at("indicator", "spec") or tree.at("indicator", "spec")
        for key in ("op", "value"):
            place = f"{path}.objectives[{number_}].{key}"
            if indicator and "thresholdMetric" in indicator.fields and key not in item.fields:
                report(item, place, "missing; a thresholdMetric needs op and value")
            if indicator and "ratioMetric" in indicator.fields and key in item.fields:
                report(item.fields[key], place, "a ratioMetric is compared with target only; remove it")
        for key in slices.get(method or "", ()):
            if key not in item.fields:
                report(item, f"{path}.objectives[{number_}].{key}", f"missing; budgetingMethod {method} needs it")


# -- alerting: checked and otherwise unused ----------------------------------------------------------------------------

_condition = mapping(
    {"severity": text(), "condition": mapping(
        {"kind": choice("burnrate"), "op": _operator, "threshold": number(), "lookbackWindow": _duration},
        {"alertAfter": _duration},
    )},
    {"description": _description},
)  # fmt: skip
_target = mapping({"target": text()}, {"description": _description})
_policy = mapping(
    {
        "conditions": sequence(_one_of("conditionRef", _inline(_condition, "AlertCondition")), 1, 1),
        "notificationTargets": sequence(_one_of("targetRef", _inline(_target, "AlertNotificationTarget")), 1),
    },
    {
        "description": _description,
        **dict.fromkeys(("alertWhenNoData", "alertWhenResolved", "alertWhenBreaching"), boolean),
    },
)
_slo = mapping(
    {
        "service": text(),
        "timeWindow": sequence(_window, 1, 1),
        "budgetingMethod": choice("Occurrences", "Timeslices", "RatioTimeslices"),
        "objectives": sequence(_objective, 1),
    },
    {
        "description": _description,
        "indicator": _inline(_sli),
        "indicatorRef": _name,
        "alertPolicies": sequence(_one_of("alertPolicyRef", _inline(_policy, "AlertPolicy"))),
    },
    _indicator_rule,
    _objectives_rule,
)
KINDS: Mapping[str, Check] = {
    "SLO": _slo,
    "SLI": _sli,
    "Service": mapping({}, {"description": _description}),
    "DataSource": mapping({"type": text(), "connectionDetails": anything}, {"description": _description}),
    "AlertPolicy": _policy,
    "AlertCondition": _condition,
    "AlertNotificationTarget": _target,
}


def check(document: Tree, report: Report) -> None:
    """Report every deviation of one document from the schema of its kind."""
    kind = document.text("kind") or ""
    mapping(
        {
            "apiVersion": choice(VERSION),
            "kind": choice(*KINDS),
            "metadata": _metadata,
            "spec": KINDS.get(kind, anything),
        },
        {},
    )(document, "", report)

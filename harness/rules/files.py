"""The rules as a file for Prometheus, and their unit tests as a file for `promtool test rules`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from harness.rules.generate import NO_DATA_FOR, RECORDED, Alert, Rules, SloRules
from harness.rules.promtool import promtool_tests, step_of
from harness.stats.burn import ROWS, WINDOWS

Yaml = dict[str, object]


def rules_file(rules: Rules) -> str:
    """A file for `rule_files` of Prometheus."""
    groups = [{"name": f"slo: {each.slo.name}", "rules": [*_recordings(each), *_alerts(each)]} for each in rules.slos]
    return _dump({"groups": groups})


def promtool_files(rules: Rules, rules_name: str) -> Mapping[str, str]:
    """Files for `promtool test rules`, by name, beside the rules in `rules_name`.

    A file has one interval of evaluation, and three days at one of a minute would take minutes.
    """
    files = {}
    for step_min in sorted({step_of(row) for row in ROWS}):
        tests = [test for each in rules.slos for test in promtool_tests(each, step_min)]
        name = f"{rules_name.removesuffix('.yml')}.test.{step_min}m.yml"
        files[name] = _dump({"rule_files": [rules_name], "evaluation_interval": f"{step_min}m", "tests": tests})
    return files


def _recordings(each: SloRules) -> Iterator[Yaml]:
    for window in WINDOWS:
        yield {
            "record": f"{RECORDED}{window.text}",
            "expr": each.share.over(window.text),
            "labels": {"slo": each.slo.name},
        }


def _alerts(each: SloRules) -> Iterator[Yaml]:
    for alert in each.alerts:
        held: Yaml = {} if alert.row else {"for": NO_DATA_FOR}
        yield {
            "alert": alert.name,
            "expr": alert.expression,
            **held,
            "labels": labels_of(each, alert),
            "annotations": annotations_of(each, alert),
        }


def labels_of(each: SloRules, alert: Alert) -> dict[str, str]:
    """The labels that the rule adds."""
    return {"severity": alert.severity, "slo": each.slo.name, "runbooks": ",".join(each.runbooks)}


def annotations_of(each: SloRules, alert: Alert) -> dict[str, str]:
    """The annotations, all literal."""
    return {"summary": alert.summary, "runbook_url": each.runbook_url}


def _dump(data: Yaml) -> str:
    text: str = yaml.safe_dump(data, sort_keys=False, width=1000, allow_unicode=True)
    return text

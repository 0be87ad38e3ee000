"""Every rule against its own examples, and the registry."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from harness.app.lint_platform import of_platform
from harness.lint.alerts import Alerts, read_rules
from harness.lint.base import GROUPS, Rule
from harness.lint.document import Outside, parse
from harness.lint.engine import Settings, lint
from harness.lint.explain import listed, rule_text
from harness.lint.registry import UnknownRuleError, all_rules, rule_of

RULES = all_rules()
TODAY = date(2026, 11, 30)
SHIPPED = of_platform("local")
PLATFORM = replace(
    SHIPPED,
    autoscaled=frozenset({"deployment/scaled"}),
    objects={**SHIPPED.objects, "deployment": SHIPPED.objects["deployment"] | {"scaled", "bare"}},
    images={**SHIPPED.images, "deployment/bare": frozenset({"gcr.io/distroless/static-debian12:nonroot"})},
)
NOTHING_EXISTS = Outside(exists=lambda path: False)


def outside(rule: Rule, text: str) -> Outside:
    """What an example is compared with: the Prometheus rules beside it, or those that it is."""
    if rule.on_platform:
        return Outside(platform=PLATFORM)
    if not rule.beside and not rule.about_alerts:
        return NOTHING_EXISTS
    rules, metrics, labels = read_rules(text if rule.about_alerts else rule.beside, "rules.yaml")
    return Outside(alerts=Alerts(rules, metrics, labels, frozenset(), rules if rule.about_alerts else None))


def finds(rule: Rule, text: str) -> bool:
    """Whether a rule finds something in a document. Those of the engine are about the findings of others."""
    document = parse(text, "example.md", outside(rule, text))
    rules = RULES if rule.code.startswith("RB0") else [rule]
    return any(finding.rule == rule.code for finding in lint(document, rules, Settings(pedantic=True), TODAY))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_fires_on_its_first_example_and_not_on_its_second(rule: Rule) -> None:
    assert finds(rule, rule.fires)
    assert not finds(rule, rule.silent)


def test_codes_and_names_are_unique_and_have_a_group() -> None:
    assert len(RULES) >= 80
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    assert all(re.fullmatch(r"RB\d{3}", rule.code) and rule.code[2] in GROUPS for rule in RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_explains_itself(rule: Rule) -> None:
    text = rule_text(rule)
    assert rule.summary.endswith(".")
    assert rule.why.endswith((".", "`", ")"))
    assert rule.summary in text
    assert rule.why in text
    assert f"{rule.code} {rule.name} ({rule.severity}" in text


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.fixable], ids=lambda rule: rule.code)
def test_a_fixable_rule_offers_the_change(rule: Rule) -> None:
    document = parse(rule.fires, "example.md")
    assert any(hit.edits for hit in rule.check(document))


def test_a_rule_is_found_by_code_and_by_name() -> None:
    assert rule_of("rb508") is rule_of("pipe-to-shell")
    with pytest.raises(UnknownRuleError, match="there is no rule `RB999`"):
        rule_of("RB999")


def test_the_list_has_a_line_for_each_rule() -> None:
    lines = listed().splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in RULES]
    assert sum(line.endswith("(pedantic)") for line in lines) == sum(rule.pedantic for rule in RULES) > 0

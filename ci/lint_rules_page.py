"""Writes docs/reference/lint-rules.md from the registry of rules: `python -m ci.lint_rules_page`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from textwrap import fill

from harness.lint.base import GROUPS, Rule
from harness.lint.registry import all_rules

PAGE = "docs/reference/lint-rules.md"
_HEAD = """\
# Rules of the linter

<!-- Written by `python -m ci.lint_rules_page`; change the file of a rule in harness/lint/rules/ instead. -->

`gameday rule CODE` shows one rule in the terminal. Errors: the runbook does harm or does not work as written. Warnings:
it may do harm, mislead, or leave the reader without what is needed. Notes: it could be clearer or safer. Pedantic rules
run with `--pedantic` only.
[Lint runbooks](../how-to/lint.md) has the use.
"""


def page() -> str:
    """The whole page."""
    rules = all_rules(others=False)
    parts = [_HEAD, _table(rules)]
    for digit, group in groupby(rules, key=lambda rule: rule.code[2]):
        parts.append(f"## RB{digit}: {GROUPS[digit]}\n")
        parts += [_rule(rule) for rule in group]
    return "\n".join(parts)


def _table(rules: tuple[Rule, ...]) -> str:
    rows = [
        f"| [{rule.code}](#{rule.code.lower()}-{rule.name}) | {_facts(rule)} | {_cell(rule.summary)} |"
        for rule in rules
    ]
    return "\n".join(["| rule | severity | finds |", "|---|---|---|", *rows]) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _facts(rule: Rule) -> str:
    marks = [str(rule.severity), *(["pedantic"] if rule.pedantic else []), *(["fixable"] if rule.fixable else [])]
    return ", ".join(marks)


def _rule(rule: Rule) -> str:
    fires, silent = _fenced(rule.fires), _fenced(rule.silent)
    return (
        f"### {rule.code} {rule.name}\n\n{fill(f'Severity: {_facts(rule)}. {rule.summary} {rule.why}', 140)}\n\n"
        f"It fires on:\n\n{fires}\n\nand not on:\n\n{silent}\n"
    )


def _fenced(text: str) -> str:
    """The example in a fence that is longer than those in it."""
    return f"````markdown\n{text.rstrip()}\n````"


if __name__ == "__main__":
    Path(PAGE).write_text(page())

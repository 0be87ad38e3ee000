"""The rules: every module of `harness.lint.rules`, and the entry points `gameday.rules` of other packages.

Ours are found by looking into the package: an entry point for each of them would only repeat the names of the files.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from harness.errors import GamedayError
from harness.lint import rules
from harness.lint.base import Rule
from harness.registry import Family

_OTHERS = Family[Rule]("rules")


class UnknownRuleError(GamedayError):
    """A code is that of no rule."""


@cache
def all_rules(*, others: bool = True) -> tuple[Rule, ...]:
    """Every rule, by code. `others`: also those of other packages."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    found: list[Rule] = [import_module(f"{rules.__name__}.{name}").RULE for name in names]
    if others:
        found += [_OTHERS.load(name) for name in _OTHERS.names()]
    return tuple(sorted(found, key=lambda rule: rule.code))


def rule_of(code: str) -> Rule:
    """The rule with a code or name. Raises UnknownRuleError."""
    wanted = code.strip().lower()
    for rule in all_rules():
        if wanted in (rule.code.lower(), rule.name):
            return rule
    known = ", ".join(rule.code for rule in all_rules())
    raise UnknownRuleError(f"there is no rule `{code}`; known are {known}")

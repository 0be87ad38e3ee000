"""The rules: every module of `harness.lint.rules`, and the entry points `gameday.rules` of other packages.

Ours are found by looking into the package: an entry point for each of them would only repeat the names of the files.
"""

from __future__ import annotations

import pkgutil
import sys
from functools import cache
from importlib import import_module
from pathlib import Path

from harness.errors import GamedayError
from harness.lint import rules
from harness.lint.base import Rule


class UnknownRuleError(GamedayError):
    """A code is that of no rule."""


@cache
def all_rules(*, others: bool = True) -> tuple[Rule, ...]:
    """Every rule, by code. `others`: also those of other packages."""
    names = sorted(module.name for module in pkgutil.iter_modules(rules.__path__))
    found: list[Rule] = [import_module(f"{rules.__name__}.{name}").RULE for name in names]
    if others and _others_are_installed():
        from harness.registry import Family  # noqa: PLC0415  the metadata of packages is slow to import

        family = Family[Rule]("rules")
        found += [family.load(name) for name in family.names()]
    return tuple(sorted(found, key=lambda rule: rule.code))


def rule_of(code: str) -> Rule:
    """The rule with a code or name. Raises UnknownRuleError."""
    wanted = code.strip().lower()
    for rule in all_rules():
        if wanted in (rule.code.lower(), rule.name):
            return rule
    known = ", ".join(rule.code for rule in all_rules())
    raise UnknownRuleError(f"there is no rule `{code}`; known are {known}")


def _others_are_installed() -> bool:
    """Whether a package on the path registers a rule: a look at the files that its entry points would be read from."""
    for folder in map(Path, sys.path):
        for file in folder.glob("*.dist-info/entry_points.txt") if folder.is_dir() else ():
            if b"[gameday.rules]" in file.read_bytes():
                return True
    return False

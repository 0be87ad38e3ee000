"""The explanation of a rule as text, and the list of all rules."""

from __future__ import annotations

from harness.lint.base import GROUPS, Rule
from harness.lint.registry import all_rules


def rule_text(rule: Rule) -> str:
    """A rule with its reason and its two examples."""
    facts = [str(rule.severity), f"group {GROUPS.get(rule.code[2], 'other')}"]
    facts += ["pedantic"] if rule.pedantic else []
    facts += ["fixable by --fix"] if rule.fixable else []
    return (
        f"{rule.code} {rule.name} ({', '.join(facts)})\n\n{rule.summary}\n\n{rule.why}\n\n"
        f"It fires on:\n\n{_indented(rule.fires)}\n\nand not on:\n\n{_indented(rule.silent)}\n"
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.rstrip().split("\n"))


def listed() -> str:
    """One line for each rule."""
    return "".join(
        f"{rule.code}  {rule.severity:<8} {rule.name:<34} {rule.summary}{_marks(rule)}\n" for rule in all_rules()
    )


def _marks(rule: Rule) -> str:
    return " (pedantic)" if rule.pedantic else ""

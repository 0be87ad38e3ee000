"""Checks what bash computes with. bash executes `$(…)` inside a value that it computes with, so it must be a number."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.bash.parse import parse
from harness.bash.script import Word
from harness.policy.scope import Scope, is_unset

_NUMBER = re.compile(r"-?\d*|\{\d+\.\.\d+\}|\$\(\([^`()'\"\[$]*\)\)")
_NUMBERS_OF_BASH = ("RANDOM", "SECONDS", "EPOCHSECONDS", "LINENO", "UID", "EUID", "PPID", "SHLVL")
_PLAIN_EXPANSION = re.compile(r"\$(\w+)|\$\{(\w+)\}|\$[?#!$]|\$\{#\w+\}")
_SUBSTITUTION = re.compile(r"\$\((?!\()[^()]*\)")
_NAME = re.compile(r"(?<![\w$#])[A-Za-z_]\w*")


def arithmetic_refusals(scope: Scope) -> Iterator[str]:
    """Yield why a value may not be computed with. An earlier text counts too: its functions run again."""
    values = scope.values()
    for script in scope.scripts:
        for text in script.arithmetic:
            yield from _refusals(text, values, scope)


def _refusals(text: str, values: dict[str, list[Word]], scope: Scope) -> Iterator[str]:
    plain = _SUBSTITUTION.sub(lambda found: "" if _is_count(found[0]) else found[0], re.sub(r"^\$\(\(|\)\)$", "", text))
    expanded = [found[1] or found[2] for found in _PLAIN_EXPANSION.finditer(plain)]
    rest = _PLAIN_EXPANSION.sub(" ", plain)
    if re.search(r"[$`]", rest):
        yield f"`{text}`: computes with a value that is only known at run time"
    for name in dict.fromkeys([*filter(None, expanded), *_NAME.findall(re.sub(r"\s-[a-z]{2}\s", " ", rest))]):
        if not _is_number(name, values, scope):
            yield f"${name}: used in arithmetic, but its value is not known to be a number"


def _is_number(name: str, values: dict[str, list[Word]], scope: Scope) -> bool:
    if name not in values:
        return name in _NUMBERS_OF_BASH or is_unset(name, scope)
    return all(_NUMBER.fullmatch(word.text) or _is_sum(word.text) or _is_count(word.text) for word in values[name])


def _is_sum(text: str) -> bool:
    """Whether a value is `$((…))` alone; what is in it is checked where it is computed."""
    script = parse(f"x={text}")
    return len(script.arithmetic) == 1 and script.arithmetic[0] == text and not script.doubts


def _is_count(text: str) -> bool:
    """Whether a value is `$(… | wc -l)` and nothing else, which prints one number."""
    if not (text.startswith("$(") and text.endswith(")")):
        return False
    script = parse(text[2:-1])
    stages = [call.argv for call in script.last]
    return len(stages) > 1 and stages[-1] == ("wc", "-l") and len(script.calls) == len(stages)

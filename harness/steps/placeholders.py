"""Placeholders of a runbook, which an operator would replace: filled from the bindings, never guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_BEFORE, _BEHIND = r"[\w.-]", r"[\w-]"
_GENERIC = re.compile(
    rf"""
    (?P<angle><[A-Za-z][A-Za-z0-9]*(?:[-_ .][A-Za-z0-9]+)*>)  # <pod-name>: no redirection is closed like that
  | (?P<erb><%=[^%\n]*%>)  # a value that a template fills in
  | (?P<braces>\{{\{{\s*[A-Za-z_][\w-]*\s*\}}\}})  # {{{{ service }}}}; {{{{.name}}}} is a Go template
  | (?<!{_BEFORE})(?:
        (?P<port>[a-zA-Z][\w-]*:port)\b                                  # any-name:port
      | (?P<name>(?:service|pod|deployment|namespace|container|app|node)-name)
      | (?P<yours>(?:YOUR|MY)_[A-Z_]+ | (?:SERVICE|POD|DEPLOYMENT|NAMESPACE|CONTAINER|NODE)_NAME)
      | (?P<newest>(?<=pod\ )[a-z][a-z0-9-]*-pod | (?<=pods\ )[a-z][a-z0-9-]*-pod | (?<=pod/)[a-z][a-z0-9-]*-pod)
    )(?!{_BEHIND})
    """,
    re.VERBOSE,
)
_POD_OF = re.compile(r"pod-of\(([a-z0-9.-]+)\)")


@dataclass(frozen=True)
class Filled:
    """A text with its placeholders filled."""

    text: str
    used: tuple[tuple[str, str], ...] = ()
    """(placeholder, value), in the order of the first occurrence."""
    missing: tuple[str, ...] = ()
    """Placeholders without a binding."""


def pod_of(value: str) -> str | None:
    """Return the Deployment of a binding `pod-of(DEPLOYMENT)`, None for any other value."""
    found = _POD_OF.fullmatch(value.strip())
    return found[1] if found else None


def fill(text: str, placeholders: Mapping[str, str], resolve: Callable[[str], str] = str) -> Filled:
    """Replace each placeholder that is a whole word, the longest first.

    `resolve` returns the present value of a binding (a pod's name for `pod-of(x)`). Values are not searched for further
    placeholders.
    """
    used: dict[str, str] = {}

    def bind(match: re.Match[str]) -> str:
        key = match[0]
        used.setdefault(key, resolve(placeholders[key]))
        return used[key]

    pattern = _bound(placeholders)
    pieces, missing, at = [], [], 0
    for match in pattern.finditer(text) if pattern else ():
        gap = text[at : match.start()]
        missing += _missing(text, at, match.start())
        pieces += [gap, bind(match)]
        at = match.end()
    missing += _missing(text, at, len(text))
    return Filled("".join([*pieces, text[at:]]), tuple(used.items()), tuple(dict.fromkeys(missing)))


def _bound(placeholders: Mapping[str, str]) -> re.Pattern[str] | None:
    keys = sorted((key for key in placeholders if key), key=len, reverse=True)
    return re.compile("|".join(_whole(key) for key in keys)) if keys else None


def _whole(key: str) -> str:
    left = rf"(?<!{_BEFORE})" if re.match(r"\w", key) else ""
    right = rf"(?!{_BEHIND})" if re.search(r"\w$", key) else ""
    return left + re.escape(key) + right


def _missing(text: str, start: int, end: int) -> list[str]:
    """Return the generic placeholders between two positions. `$NAME` and `${NAME}` are variables, not placeholders."""
    found = (match for match in _GENERIC.finditer(text) if start <= match.start() and match.end() <= end)
    return [
        match[0]
        for match in found
        if not re.search(r"\$\{?$", text[: match.start()]) and text[match.end() : match.end() + 1] != "="
    ]

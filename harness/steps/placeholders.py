"""Words of a runbook that an operator would replace: filled from the bindings, each filling told, none guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_BEFORE, _BEHIND = r"[\w.-]", r"[\w-]"
_GENERIC = re.compile(
    rf"""
    (?P<angle><[A-Za-z][A-Za-z0-9]*(?:[-_ .][A-Za-z0-9]+)*>)  # <pod-name>: no redirection is closed like that
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
    """`used`: (placeholder, value) in the order of their first place; `missing`: placeholders that no binding knows."""

    text: str
    used: tuple[tuple[str, str], ...] = ()
    missing: tuple[str, ...] = ()


def pod_of(value: str) -> str | None:
    """The Deployment in a binding `pod-of(DEPLOYMENT)`, else None."""
    found = _POD_OF.fullmatch(value.strip())
    return found[1] if found else None


def fill(text: str, placeholders: Mapping[str, str], resolve: Callable[[str], str] = str) -> Filled:
    """Replace each placeholder that stands as a whole word, the longest first. `resolve` turns a binding into its
    value of now (`pod-of(x)` into a pod's name). Values are not looked through for further placeholders."""
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
    """Generic placeholders between two places; `$NAME` and `${NAME}` are variables and not placeholders."""
    found = (match for match in _GENERIC.finditer(text) if start <= match.start() and match.end() <= end)
    return [
        match[0]
        for match in found
        if not re.search(r"\$\{?$", text[: match.start()]) and text[match.end() : match.end() + 1] != "="
    ]

"""Finds the old and the new value of a variable in a sentence, as written."""

from __future__ import annotations

import re
from functools import cache

from harness.runbook.quantities import NUMBER, marked


def _value(name: str, number: str) -> str:
    quoted = rf"""`(?P<{name}_code>[^`]+)`|"(?P<{name}_double>[^"]*)"|'(?P<{name}_single>[^']*)'"""
    return rf"""(?:{quoted}|(?P<{name}_bare>{number}|(?:[^\s,;()`"'|]|,(?=[^\s,])){{1,100}}))"""


_EDGE = r"""(?=$|[\s,;()`"'|!:]|\.(?:\s|$))"""
_QUANTITY = rf"{NUMBER}(?:\s?(?:%|[a-z]+(?!\w)))?"
_OLD = _value("old", rf"{_QUANTITY}{_EDGE}")
_NEW = _value("new", rf"{_QUANTITY}(?:\s+to\s+\d[\d.,]*)?{_EDGE}")
_WORD = r"(?:\s+[a-z]+)?"
_BEFORE = r"(?:was|from|default(?:s to)?|current(?:ly)?|normally|instead of|previously|old)"
_WAS = rf"\b{_BEFORE}\b(?:\s+value)?\s*[:=]?\s*{_OLD}"
_SETTER = r"(?:set|change|switch|update|adjust|turn|flip|move|put)"
_MOVER = r"(?:increase|decrease|raise|lower|reduce|bump|drop|extend|shorten|cut|scale|grow|double|halve|limit|cap)"
_AFTER = r"(?:for|if|when|until|while|temporar\w*|during|as|so|and|or|because|to|in|on|only|instead|at|once|\()"
_END = rf"(?=$|[.,;)!]|\s+{_AFTER})"
_NAMED = r"(?:true|false|on|off|yes|no|enabled|disabled|debug|info|warn(?:ing)?|error|trace|none|null)"
_LITERAL = rf"\W?(?:{NUMBER}|\S*\d|{_NAMED}\b)"
_FORMS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("from",), rf"\bfrom\s+{_OLD}{_WORD}\s+to\s+{_NEW}"),
    (("->", "=>", "→", "➜", "⇒"), rf"{_OLD}{_WORD}\s*(?:-{{1,3}}>|={{1,3}}>|→|➜|⇒)\s*{_NEW}"),
    (("old",), rf"\bold(?:\s+value)?\s*[:=]\s*{_OLD}.*?\bnew(?:\s+value)?\s*[:=]\s*{_NEW}"),
    (("to",), rf"^\W*(?={_LITERAL}){_OLD}{_WORD}\s+to\s+{_NEW}{_WORD}\W*$"),
    (tuple("0123456789"), rf"\b{_MOVER}\b[^.;]*?\bto\s+(?={NUMBER}|\W\d){_NEW}"),
    (("to", "="), rf"\b{_SETTER}\b[^.;]*?(?:\bto\s+|=\s*){_NEW}{_END}"),
    (("=",), rf"^(?:set\s+)?=\s*{_NEW}"),
    (("",), rf"^(?:set\s+)?(?:to\s+)?(?={_LITERAL}){_NEW}{_WORD}\s*\.?\s*(?:$|\(|#|,|and\b)"),
)
"""Each with the signs of which one must be in the text."""


@cache
def _compiled(form: str) -> re.Pattern[str]:
    """Compiled at the first use: most toggles have the first form."""
    return re.compile(form, re.I)


def values_of(text: str) -> tuple[str | None, str] | None:
    """(old, new) as written, from the text about one variable; None where it states no new value."""
    plain = marked(text.strip(" :–—|"))
    lower = plain.lower()
    for form in (pattern for signs, pattern in _FORMS if any(sign in lower for sign in signs)):
        match = _compiled(form).search(plain)
        new = _taken(match, "new") if match else None
        if match and new is not None:
            return _taken(match, "old") or old_of(text), new
    return None


def old_of(text: str) -> str | None:
    """The former value that a text states ("was 3"), as written."""
    match = re.search(_WAS, text, re.I)
    return _taken(match, "old") if match else None


def _taken(match: re.Match[str], name: str) -> str | None:
    groups = match.groupdict()
    quoted = next(
        (groups[f"{name}_{how}"] for how in ("code", "double", "single") if groups.get(f"{name}_{how}")), None
    )
    bare = groups.get(f"{name}_bare")
    return quoted or (bare.rstrip(".:!") if bare else None)

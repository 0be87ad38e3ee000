"""RB108: a link to a heading of the same document that does not exist."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_LINK = lazy(r"(?<!\\)\[(?:[^\[\]\n]|\[[^\[\]\n]*\]){0,300}\]\(#(?P<anchor>[^()\s]+(?: [^()\s\"']+)*)\)")
_OWN = lazy(r"""(?:\bid|\bname)\s*=\s*["']([^"']+)["']|\{[:\s]*#([\w-]+)""")
_NO_WORD = lazy(r"[^\w\- ]")


def _check(document: Document) -> Iterator[Hit]:
    if "](#" not in document.prose:
        return
    known = {_folded(anchor) for anchor in anchors(document)}
    for place, found in document.matches(_LINK, document.prose):
        if " " in found["anchor"]:
            yield Hit(place, f"{shown('#' + found['anchor'])} is no link: an anchor has hyphens in place of blanks")
        elif _folded(found["anchor"]) not in known and not found["anchor"].startswith(("/", "!", "L")):
            yield Hit(place, f"the link to {shown('#' + found['anchor'])} is dead: no heading has that anchor")


def _folded(anchor: str) -> str:
    return re.sub(r"[^a-z0-9]", "", anchor.lower().replace("%20", ""))


def anchors(document: Document) -> Iterator[str]:
    """The anchors of the headings as GitHub makes them, and those that the document sets itself."""
    used: Counter[str] = Counter()
    for heading in document.headings:
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.text)
        slug = _NO_WORD.sub("", re.sub(r"[`*]|\{#[^}]*\}", "", text).strip().lower()).replace(" ", "-")
        yield slug if not used[slug] else f"{slug}-{used[slug]}"
        used[slug] += 1
    for one, other in _OWN.findall(document.text):
        yield one or other


RULE = Rule(
    code="RB108",
    name="dead-anchor",
    severity=Severity.WARNING,
    summary="A link leads to a heading that does not exist.",
    why="The jump goes nowhere, and the reader has to search. Correct the anchor: it is the heading in small letters "
    "with hyphens.",
    fires="# ApiDown\n\nSee [failover](#fail-over).\n\n## Restart\n\nRestart it.\n",
    silent="# ApiDown\n\nSee [restart](#restart).\n\n## Restart\n\nRestart it.\n",
    check=_check,
)

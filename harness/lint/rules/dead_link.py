"""RB107: a relative link to a file that does not exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_LINK = lazy(
    r"(?<!\\)\[(?:[^\[\]\n]|\[[^\[\]\n]*\]){0,300}\]\(<?(?P<target>[^()\s<>]{1,500}(?:\([^()\s]{0,200}\)[^()\s<>]{0,200})?)>?(?:\s+[\"'][^\"'\n]*[\"'])?\)"
)
_NOT_A_FILE = lazy(r"[a-z][a-z0-9+.-]*:|//|#|/|\{|\$|mailto|<|\?|@", re.I)
_SITE = lazy(r"\{\{[<%]|\]\(\{\{|^\s*---\n(?:.*\n)*?(?:layout|weight|slug|draft)\s*:", re.M)
_FILE = lazy(
    r"\.(?:md|markdown|png|jpe?g|gif|svg|ya?ml|json|sh|py|txt|pdf|sql|tf|html?|drawio|j2|toml|cfg|conf|mdx|go|rb|js)$",
    re.I,
)


def _check(document: Document) -> Iterator[Hit]:
    exists = document.outside.exists
    if exists is None or "](" not in document.prose:
        return
    site = bool(_SITE.search(document.text[:2000]))
    for place, found in document.matches(_LINK, document.prose):
        target = unquote(found["target"]).split("#")[0].split("?")[0]
        if not target or _NOT_A_FILE.match(target) or _in_code(document, found.start()):
            continue
        if not _FILE.search(target) and (site or not target.startswith(".")):
            continue
        if not _safe(exists, target) and not (site and _safe(exists, f"../{target}")):
            yield Hit(place, f"the link to {shown(found['target'])} is dead: there is no such file")


def _in_code(document: Document, at: int) -> bool:
    line_start = document.prose.rfind("\n", 0, at) + 1
    return document.prose.count("`", line_start, at) % 2 == 1


def _safe(exists: object, target: str) -> bool:
    try:
        return bool(exists(target))  # type: ignore[operator]
    except (OSError, ValueError):
        return True


RULE = Rule(
    code="RB107",
    name="dead-link",
    severity=Severity.WARNING,
    summary="A relative link leads to a file that does not exist.",
    why="The reader looks for the other document in the middle of an incident. Correct the path or remove the link.",
    fires="# ApiDown\n\nSee [failover](no-such-file.md).\n",
    silent="# ApiDown\n\nSee [failover](https://wiki.example.org/failover).\n",
    check=_check,
)

"""RB109: a link without a target, or to an example address."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_EMPTY = lazy(
    r"\[(?<![!\\\]]\[)[^\[\]\n]{2,200}\]\((?P<target>\s*|#|TODO\w*|TBD|FIXME|link|url|URL|LINK|https?://(?:TODO|link|url)?)\)"
)
_EXAMPLE = lazy(r"\[[^\[\]\n]{2,200}\]\((?P<target>https?://(?:[\w.-]+\.)?example\.(?:com|org|net)[^)\s]*)\)")

_MAY_BE = lazy(
    r"\]\((?:\s*\)|#\)|TODO|TBD|FIXME|link|url|URL|LINK|https?://(?:TODO|link|url|\)|(?:[\w.-]+\.)?example\.))"
)


def _check(document: Document) -> Iterator[Hit]:
    if "](" not in document.prose or not _MAY_BE.search(document.prose):
        return
    for place, found in document.matches(_EMPTY, document.prose):
        yield Hit(place, f"the link {shown(found[0])} has no target")
    for place, found in document.matches(_EXAMPLE, document.prose):
        yield Hit(place, f"the link leads to the example address {shown(found['target'])}")


RULE = Rule(
    code="RB109",
    name="empty-link",
    severity=Severity.WARNING,
    summary="A link has no target, or an example address.",
    why="It was to be filled in later. The reader of the incident clicks on it and is lost.",
    fires="# ApiDown\n\nLook at the [dashboard]().\n",
    silent="# ApiDown\n\nLook at the [dashboard](https://grafana.shop.test/d/api).\n",
    check=_check,
)

"""RB408: an address with `&` that is not quoted."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.page import Place
from harness.lint.patterns import lazy

_ADDRESS = lazy(r"(?<=\s)(?P<url>(?:https?://|localhost|\$\{?\w+)[^\s'\"|;&]*\?[^\s'\"|;&]*&(?:amp;)?\w+=?[^\s'\"]*)")
_QUOTED = lazy(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"")


def _check(document: Document) -> Iterator[Hit]:
    for typed in document.shell.typed:
        for row, line in enumerate(typed.lines):
            if "&" not in line or "?" not in line or not ("curl" in line or "wget" in line):
                continue
            plain = _QUOTED.sub(lambda each: "Q" * len(each[0]), line)
            if (found := _ADDRESS.search(plain)) is not None and "\\&" not in found[0]:
                column = typed.columns[row] + found.start("url")
                place = Place(typed.first + row, column, column + len(found["url"]))
                yield Hit(
                    place,
                    f"the shell ends the command at `&`; put {shown(line[found.start('url') : found.end('url')])} in "
                    f"quotes",
                )


RULE = Rule(
    code="RB408",
    name="unquoted-address",
    severity=Severity.ERROR,
    summary="An address with `&` is not quoted.",
    why="The shell runs the command in the background with the address up to `&` and takes the rest for an "
    "assignment: another request "
    "than the written one is sent.",
    fires="```bash\ncurl http://api.shop.test/jobs?state=failed&limit=10\n```\n",
    silent="```bash\ncurl 'http://api.shop.test/jobs?state=failed&limit=10'\n```\n",
    check=_check,
)

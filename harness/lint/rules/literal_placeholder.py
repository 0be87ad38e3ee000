"""RB402: a name that only stands for one, in a command that runs as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import is_change, shown
from harness.lint.names import names
from harness.lint.patterns import lazy

_LITERAL = lazy(
    r"(?<![\w.$<{/-])(?:(?P<port>(?:https?://)?[a-z][\w.-]*:port)\b|(?:[a-z]+/)?(?P<name>(?:service|pod|deployment"
    r"|namespace|container|app|node|cluster|bucket|database|db)-name)(?![\w-])"
    r"|(?:\w+/)?(?P<yours>(?:YOUR|MY)[_-][A-Z_-]+|(?:your|my)-(?:pod|app|service|deployment|namespace|cluster|bucket"
    r"|database|db|node|container|host|server|domain|project|instance|token|password|api-key|key)(?:-[\w-]+)?)(?![\w-])"
    r"|(?P<upper>(?:SERVICE|POD|DEPLOYMENT|NAMESPACE|CONTAINER|NODE|CLUSTER|BUCKET|DATABASE|HOST)_NAME)(?![\w=])"
    r"|(?P<xs>x{3,}|X{3,})(?![\w]))"
)
_EXPLAINED = lazy(r"\b(?:replac\w+|substitut\w+|placeholder\w*|where\s+[`<{\[])", re.I)
_BRACED = lazy(r"(?<![$\w{%])\{[a-z][a-z0-9]*(?:[_-]?[a-z0-9]+)*\}(?!\})")
_QUOTED_ANGLE = lazy(r"<[a-z][a-z0-9 _-]*>")
_TEMPLATES = names(
    "jq awk gawk find xargs printf perl python python3 parallel docker podman git date ps logcli promtool"
)
"""Programs to which braces mean something."""
_FORMATS = ("jsonpath", "go-template", "--format", "-w", "--write-out", "--template", "%{", "range .", "{.", "LogQL")


_HINT = lazy(r"name|NAME|your|YOUR|my-|MY_|MY-|:port|xxx|XXX")


_MAY_BE = lazy(r"[A-Z]{2}|[<{]|name|your|my-|:port|xxx|pod$")
"""What any of the names has: most words have none of it."""
_CAPITALS = lazy(
    r"(?:^|[:/=])(?P<id>ACCOUNT|REGION|CLUSTER|(?:[A-Z]+_)+(?:ID|NAME|ARN|IP|HOST|DATE|TAG|VERSION))(?=$|[:/])"
)
_SOME_POD = lazy(r"(?:[a-z][a-z0-9]*-)+pod")
_NO_NAME = lazy(r"[ <]|^--from-literal")
_BARE = lazy(r"(?:[A-Z]+_)+(?:NAME|ID|ARN|IP|HOST|ADDRESS)")
_TAKE_NAME_OPTIONS = ("-e", "--env", "--build-arg", "-v", "--var", "--name")
_TAKE_NAMES = names("printenv env echo export unset grep egrep awk sed read test set printf jq")
"""Programs to which a name in capitals is a name."""


def _bracketed(command: Command, at: int) -> re.Match[str] | None:
    """A name in braces, which reaches the program as it is; in a change also one in angle brackets and quotes."""
    word, before = command.words[at], command.words[at - 1].text
    if "{" not in word.raw and "<" not in word.raw:
        return None
    if command.program in _TEMPLATES or before in _FORMATS or any(sign in word.text for sign in _FORMATS):
        return None
    if command.source.labelled and (found := _BRACED.search(word.text)):
        return found
    quoted = "'" in word.raw or '"' in word.raw
    return _QUOTED_ANGLE.search(word.text) if quoted and is_change(command) else None


def _found(command: Command, at: int) -> re.Match[str] | None:
    """What only stands for a name in a word of a command."""
    if command.source.block is not None and (found := _bracketed(command, at)):
        return found
    text, before = command.words[at].text, command.words[at - 1].text
    if _NO_NAME.search(text):
        return None
    if before in ("pod", "pods") and (found := _SOME_POD.fullmatch(text)):
        return found
    if _HINT.search(text) and (found := _LITERAL.search(text)):
        return found
    return None if command.program in _TAKE_NAMES or before in _TAKE_NAME_OPTIONS else _in_capitals(command, at)


def _in_capitals(command: Command, at: int) -> re.Match[str] | None:
    """A name in capitals: an argument `DB_NAME`, or a part of the value of an option."""
    text = command.words[at].text
    if command.source.labelled and (found := _BARE.fullmatch(text)):
        return found
    behind_option = command.words[at - 1].text.startswith("--") or "/" in text or ":" in text
    return _CAPITALS.search(text) if behind_option and "set" not in command.argv[1:2] else None


def _check(document: Document) -> Iterator[Hit]:
    hinted = document.has_any("replac", "substitut", "placeholder", "where")
    if hinted and _EXPLAINED.search(document.text):
        return
    seen: set[tuple[int, str]] = set()
    for command in document.commands:
        for number, word in enumerate(command.words[1:], start=1):
            found = _found(command, number) if _MAY_BE.search(word.raw) else None
            if found and (word.place.line, found[0]) not in seen and f"${found[0].strip(':/=')}" not in document.text:
                seen.add((word.place.line, found[0]))
                what = word.text if len(word.text) < 60 else found[0]
                yield Hit(word.place, f"{shown(what)} stands for a name; nothing says what to write in its place")


RULE = Rule(
    code="RB402",
    name="literal-placeholder",
    severity=Severity.WARNING,
    summary="A command has a name that only stands for one, and nothing says so.",
    why='It looks like a real name, runs, and fails with "not found", or acts on the wrong thing. Write the real '
    "name, or a variable "
    "that is set above.",
    fires="```bash\nkubectl logs deployment/service-name -n shop --since=5m\n```\n",
    silent="```bash\nkubectl logs deployment/checkout -n shop --since=5m\n```\n",
    check=_check,
)

"""RB402: a name that only stands for one, in a command that runs as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.document import Document
from harness.lint.facts import shown
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
_EXPLAINED = lazy(r"\b(?:replac\w+|substitut\w+|placeholder\w*|where)\b", re.I)


_HINT = lazy(r"name|NAME|your|YOUR|my-|MY_|MY-|:port|xxx|XXX")


_CAPITALS = lazy(
    r"(?:^|[:/=])(?P<id>ACCOUNT|REGION|CLUSTER|(?:[A-Z]+_)+(?:ID|NAME|ARN|IP|HOST|DATE|TAG|VERSION))(?=$|[:/])"
)
_SOME_POD = lazy(r"(?:[a-z][a-z0-9]*-)+pod")
_NO_NAME = lazy(r"[ <]|^--from-literal")
_TAKE_NAMES = names("printenv env echo export unset grep egrep awk sed read test set printf jq")
"""Programs to which a name in capitals is a name."""


def _found(command: Command, at: int) -> re.Match[str] | None:
    """What only stands for a name in a word of a command."""
    text = command.words[at].text
    if command.words[at - 1].text in ("pod", "pods") and (found := _SOME_POD.fullmatch(text)):
        return found
    if _HINT.search(text) and (found := _LITERAL.search(text)):
        return found
    behind_option = command.words[at - 1].text.startswith("--") or "/" in text or ":" in text
    if command.program in _TAKE_NAMES or not behind_option or "set" in command.argv[1:2]:
        return None
    return _CAPITALS.search(text)


def _check(document: Document) -> Iterator[Hit]:
    if _EXPLAINED.search(document.words):
        return
    seen: set[tuple[int, str]] = set()
    for command in document.commands:
        for number, word in enumerate(command.words[1:], start=1):
            found = None if _NO_NAME.search(word.text) else _found(command, number)
            if found and (word.place.line, found[0]) not in seen and f"${found[0].strip(':/=')}" not in document.text:
                seen.add((word.place.line, found[0]))
                yield Hit(word.place, f"{shown(word.text)} stands for a name; nothing says what to write in its place")


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

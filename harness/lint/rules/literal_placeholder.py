"""RB402: a name that only stands for one, in a command that runs as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown

_LITERAL = re.compile(
    r"(?<![\w.$<{/-])(?:(?P<port>(?:https?://)?[a-z][\w.-]*:port)\b|(?:[a-z]+/)?(?P<name>(?:service|pod|deployment"
    r"|namespace|container|app|node|cluster|bucket|database|db)-name)(?![\w-])"
    r"|(?:\w+/)?(?P<yours>(?:YOUR|MY)[_-][A-Z_-]+|(?:your|my)-(?:pod|app|service|deployment|namespace|cluster|bucket"
    r"|database|db|node|container|host|server|domain|project|instance|token|password|api-key|key)(?:-[\w-]+)?)(?![\w-])"
    r"|(?P<upper>(?:SERVICE|POD|DEPLOYMENT|NAMESPACE|CONTAINER|NODE|CLUSTER|BUCKET|DATABASE|HOST)_NAME)(?![\w=])"
    r"|(?P<xs>x{3,}|X{3,})(?![\w]))"
)
_EXPLAINED = re.compile(r"\b(?:replac\w+|substitut\w+|placeholder\w*|where)\b", re.I)


_HINTS = ("name", "NAME", "your", "YOUR", "my", "MY", ":port", "xxx", "XXX")


def _check(document: Document) -> Iterator[Hit]:
    explained = bool(_EXPLAINED.search(document.words))
    seen: set[tuple[int, str]] = set()
    for command in document.commands:
        for word in command.words[1:]:
            found = _LITERAL.search(word.text) if any(hint in word.text for hint in _HINTS) else None
            if (
                found is None
                or " " in word.text
                or "<" in word.text
                or (word.place.line, found[0]) in seen
                or word.text.startswith("--from-literal")
            ):
                continue
            seen.add((word.place.line, found[0]))
            if not explained:
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

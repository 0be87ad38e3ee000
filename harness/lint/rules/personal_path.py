"""RB409: a folder of the author's own machine."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown
from harness.lint.patterns import lazy

_PATH = lazy(
    r"/(?:Users|home)/(?!(?:ubuntu|ec2-user|core|git|vagrant|user|username|USER|your\w*|me|<|\$|core|centos|admin|runner|postgres|app|kubernetes)\b)[a-z][\w.-]+/"
)


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        for word in command.words[1:]:
            if "/" in word.text and (found := _PATH.search(word.text)) and not command.inside:
                yield Hit(word.place, f"{shown(found[0])} exists on the machine of its author only")
                break


RULE = Rule(
    code="RB409",
    name="personal-path",
    severity=Severity.NOTE,
    summary="A command names a folder of one person's machine.",
    why="It fails for everybody else. Use a path in the repository, or a variable.",
    fires="```bash\nbash /Users/jane/scripts/failover.sh\n```\n",
    silent="```bash\nbash scripts/failover.sh\n```\n",
    check=_check,
)

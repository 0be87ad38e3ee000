"""RB405: the name of a pod that existed when the document was written."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import shown


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program not in kubectl.PROGRAMS:
            continue
        for word in command.words[1:]:
            if word.text == "--":
                break
            if kubectl.has_hash(word.text) and "<" not in word.text and not word.text.startswith("-"):
                yield Hit(
                    word.place,
                    f"{shown(word.text)} is a pod that no longer exists; name it by its Deployment or a selector",
                )
                break


RULE = Rule(
    code="RB405",
    name="pod-with-hash",
    severity=Severity.WARNING,
    summary="A command names a pod by the hash that a ReplicaSet gave it.",
    why="The pod is gone with the next rollout, and the command fails in every later incident. Write "
    "`deployment/NAME`, a selector, or a "
    "variable that is set by a command.",
    fires="```bash\nkubectl describe pod api-7d4b9c6f5d-x2x7k -n shop\n```\n",
    silent="```bash\nkubectl describe pod -l app=api -n shop\n```\n",
    check=_check,
)

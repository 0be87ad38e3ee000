"""RB407: the id of one cloud resource in a command."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.patterns import lazy

_ID = lazy(r"(?<![\w-])((?:i|vol|snap|eni|sg|subnet|vpc|ami)-[0-9a-f]{8}(?:[0-9a-f]{9})?)(?![\w-])")
_EXAMPLE = lazy(r"(\d)\1{5,}|(?:0123|1234)(?:4567|5678)|abcdef")


def _check(document: Document) -> Iterator[Hit]:
    for command in document.commands:
        if command.program not in ("aws", "terraform", "ssh", "aws-vault"):
            continue
        for word in command.words[1:]:
            found = _ID.search(word.text)
            if found and not _EXAMPLE.search(found[1]):
                yield Hit(word.place, f"`{found[1]}` is one resource of the past; find its id by a command")
                break


RULE = Rule(
    code="RB407",
    name="fixed-cloud-id",
    severity=Severity.WARNING,
    summary="A command has the id of one cloud resource.",
    why="The resource is replaced sooner or later, and the command then fails or acts on something else. Find the id "
    "by a tag.",
    fires="```bash\naws ec2 reboot-instances --instance-ids i-0f3a9c2b7d5e81a64\n```\n",
    silent='```bash\naws ec2 reboot-instances --instance-ids "$INSTANCE_ID"\n```\n',
    check=_check,
)

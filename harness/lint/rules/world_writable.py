"""RB510: rights for everybody."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import asked, at, shown


def _check(document: Document) -> Iterator[Hit]:
    for command in asked(document):
        if command.program == "chmod" and any(
            word in ("777", "0777", "a+rwx", "666", "0666", "a+w", "o+w") for word in command.argv[1:4]
        ):
            yield at(command, f"{shown(command.text)} lets every user and process write")


RULE = Rule(
    code="RB510",
    name="world-writable",
    severity=Severity.WARNING,
    summary="A command gives everybody the right to write.",
    why="It hides a wrong owner and stays for ever. Give the file to the user of the service, or to its group.",
    fires="```bash\nchmod -R 777 /var/lib/app\n```\n",
    silent="```bash\nchown -R app:app /var/lib/app\n```\n",
    check=_check,
)

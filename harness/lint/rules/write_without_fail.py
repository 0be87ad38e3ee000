"""RB308: a change through an API whose failure curl does not show."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown, writes

_SHOWS_STATUS = ("-f", "--fail", "--fail-with-body", "-i", "-v", "-w", "--include", "--verbose", "--write-out")


def _check(document: Document) -> Iterator[Hit]:
    read = {pipeline.first.statement for pipeline in document.pipelines if len(pipeline.commands) > 1}
    for command in document.commands:
        if command.source.block is None or not writes(command) or command.statement in read:
            continue
        if not command.has(*_SHOWS_STATUS):
            yield at(command, f"{shown(command.text)} succeeds when the API refuses the change; add `--fail-with-body`")


RULE = Rule(
    code="RB308",
    name="write-without-fail",
    severity=Severity.NOTE,
    summary="A change through an API is made with curl, which succeeds whatever the API answers.",
    why="A script goes on as if traffic had been moved. Add `--fail-with-body`, which shows the answer and fails.",
    fires="```bash\ncurl -X PATCH https://api.shop.test/pools/1 -d @pool.json\n```\n",
    silent="```bash\ncurl --fail-with-body -X PATCH https://api.shop.test/pools/1 -d @pool.json\n```\n",
    check=_check,
    pedantic=True,
)

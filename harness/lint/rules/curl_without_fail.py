"""RB306: a health check whose failure is a success for the shell."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Pipeline
from harness.lint.document import Document
from harness.lint.facts import at, shown
from harness.lint.patterns import lazy

_HEALTH = lazy(
    r"/(?:[\w/-]*[/_-])?(?:health[\w-]*|healthz|ready|readyz|readiness|live|livez|liveness|status|ping"
    r"|heartbeat)(?:[/?\s'\"]|$)",
    re.I,
)


_SHOWS_STATUS = (
    "-f", "--fail", "--fail-with-body", "-i", "-I", "-v", "-w", "--head", "--include", "--verbose", "--write-out",
)  # fmt: skip


def _check(document: Document) -> Iterator[Hit]:
    read = {pipeline.first.statement for pipeline in document.pipelines if _is_read(pipeline)}
    for command in document.commands:
        asks = command.program == "curl" and any(_HEALTH.search(word) for word in command.argv[1:])
        if asks and command.statement not in read and not command.has(*_SHOWS_STATUS):
            yield at(command, f"{shown(command.text)} succeeds with any status, also 503; add `--fail`")


def _is_read(pipeline: Pipeline) -> bool:
    """Whether a later stage decides; `jq` and a pager only show, and show nothing where `curl -s` got nothing."""
    only_shows = all(command.program in _SHOWS for command in pipeline.commands[1:])
    return len(pipeline.commands) > 1 and not (only_shows and "curl -s" in f"{_inner(pipeline)} ")


def _inner(pipeline: Pipeline) -> str:
    return " ".join(pipeline.first.argv)


_SHOWS = ("jq", "less", "more", "cat", "python", "python3", "yq")


RULE = Rule(
    code="RB306",
    name="curl-without-fail",
    severity=Severity.WARNING,
    summary="A health check with curl succeeds whatever the service answers.",
    why="curl ends with 0 for the status 503 too: a script goes on, and a person sees an empty line. Add `--fail`, or "
    "print the status "
    "with `-w '%{http_code}'`.",
    fires="```bash\ncurl http://api.shop.test/health\n```\n",
    silent="```bash\ncurl --fail http://api.shop.test/health\n```\n",
    check=_check,
)

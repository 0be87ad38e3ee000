"""RB605: the whole log of a pod."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown

_BOUNDS = {"--tail", "--since", "--since-time", "--limit-bytes", "--selector", "--follow", "--previous"}


def _check(document: Document) -> Iterator[Hit]:
    for pipeline in document.pipelines:
        call = kubectl.read(pipeline.first)
        if (
            call is not None
            and call.verb in ("logs", "log")
            and not _BOUNDS & call.options.keys()
            and len(pipeline.commands) == 1
        ):
            yield at(
                call.command, f"{shown(call.command.text)} prints the whole log; add `--tail=200` or `--since=10m`"
            )


RULE = Rule(
    code="RB605",
    name="unbounded-logs",
    severity=Severity.NOTE,
    summary="A command prints a whole log.",
    why="Of a pod that runs for days that is hundreds of megabytes through the API server, and the newest lines come "
    "last.",
    fires="```bash\nkubectl logs api-0 -n shop\n```\n",
    silent="```bash\nkubectl logs api-0 -n shop --since=10m\n```\n",
    check=_check,
    pedantic=True,
)

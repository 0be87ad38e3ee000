"""RB606: a list of pods filtered as text."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint import kubectl
from harness.lint.base import Hit, Rule, Severity
from harness.lint.document import Document
from harness.lint.facts import at, shown


def _check(document: Document) -> Iterator[Hit]:
    for pipeline in document.pipelines:
        call = kubectl.read(pipeline.first)
        lists = (
            call is not None
            and call.verb in ("get", "top")
            and (call.kind or call.sub) in ("pod", "pods", "po", "deployment", "service")
        )
        if lists and len(pipeline.commands) > 1 and pipeline.commands[1].program == "grep":
            yield at(
                pipeline.commands[1],
                f"{shown(pipeline.commands[1].text)} also matches other names and hides the header; use a selector "
                f"`-l`",
            )


RULE = Rule(
    code="RB606",
    name="grep-in-place-of-selector",
    severity=Severity.NOTE,
    summary="A list of objects is filtered as text.",
    why="The text also matches other names and hides the header and errors. A selector asks for exactly the objects "
    "that belong together.",
    fires="```bash\nkubectl get pods -n shop | grep api\n```\n",
    silent="```bash\nkubectl get pods -n shop -l app=api\n```\n",
    check=_check,
    pedantic=True,
)

"""RB516: what to delete or kill is found by a text filter."""

from __future__ import annotations

from collections.abc import Iterator

from harness.lint.base import Hit, Rule, Severity
from harness.lint.commands import Command
from harness.lint.destructive import destroys
from harness.lint.document import Document
from harness.lint.facts import at, has_guard, shown

_FILTERS = ("grep", "egrep", "awk", "sed")


def _check(document: Document) -> Iterator[Hit]:
    for pipeline in document.pipelines:
        filtered = next((command for command in pipeline.commands[:-1] if command.program in _FILTERS), None)
        last = pipeline.commands[-1]
        if filtered is None or "xargs" not in last.prefix or not _removes(last) or has_guard(document, last):
            continue
        yield at(last, f"{shown(last.text)} gets whatever {shown(filtered.text)} lets through; list it and look before")


def _removes(command: Command) -> bool:
    return "delete" in command.argv[1:4] or command.program in ("rm", "kill", "pkill") or bool(destroys(command))


RULE = Rule(
    code="RB516",
    name="mass-change",
    severity=Severity.WARNING,
    summary="What is deleted or killed is found by a text filter, without a look at the list.",
    why="The filter also matches other names, and an unexpected output deletes all. Show the list first, use a "
    "selector, and say how many "
    "there should be.",
    fires="```bash\nkubectl get pods -n shop | grep Evicted | awk '{print $1}' | xargs kubectl delete pod -n "
    "shop\n```\n",
    silent="```bash\nkubectl delete pods -n shop --field-selector status.phase=Failed\n```\n",
    check=_check,
)
